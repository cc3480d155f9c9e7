package print

import (
	"baleen/sink"
	"baleen/source/record"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
)

const (
	gap      = 3   // blanks between columns
	narrow   = 8   // a column is left out before it gets narrower
	lookOver = 200 // rows that a table looks over before it settles on widths
)

func table() Output {
	return Output{Name: "table", Usage: "for people", Rows: true, View: true, New: func(p Page, f record.Flags) (encoder, error) {
		t := &tableWriter{page: p, grid: newGrid(p)}
		if p.Renews && p.Size != nil && !sink.Dumb() {
			s := &tableScreen{table: t}
			return encoder{add: s.add, held: s.draw}, nil
		}
		end := func(dst []byte) []byte {
			t.ended = true
			return t.held(dst)
		}
		if p.Finite {
			return encoder{add: t.keep, end: end}, nil
		}
		return encoder{add: t.add, held: t.held, end: end}, nil
	}}
}

// tableWriter lays rows out a screenful at a time. Columns grow as wider values come.
type tableWriter struct {
	page   Page
	grid   grid
	rows   [][]string
	widths []int
	headed bool
	ended  bool // no more rows come
	told   bool // which columns are hidden
}

func (t *tableWriter) keep(dst []byte, result json.RawMessage) ([]byte, error) {
	t.rows = append(t.rows, t.row(result))
	return dst, nil
}

func (t *tableWriter) add(dst []byte, result json.RawMessage) ([]byte, error) {
	t.rows = append(t.rows, t.row(result))
	if len(t.rows) >= lookOver {
		dst = t.held(dst)
	}
	return dst, nil
}

func (t *tableWriter) row(result json.RawMessage) (cells []string) {
	for _, v := range t.grid.row(result) {
		cells = append(cells, sink.Visible(record.Text(v), ""))
	}
	return cells
}

func (t *tableWriter) held(dst []byte) []byte {
	for _, line := range t.lines(t.rows) {
		dst = append(append(dst, line...), '\n')
	}
	t.rows = t.rows[:0]
	return dst
}

// lines lays rows out, under the header if that was not yet.
func (t *tableWriter) lines(rows [][]string) (lines []string) {
	if !t.headed && len(t.grid.columns) > 0 && (len(rows) > 0 || t.ended) && !t.page.Headless {
		head := make([]string, len(t.grid.columns))
		for i, c := range t.grid.columns {
			head[i] = strings.ToUpper(sink.Visible(c, ""))
		}
		rows = append([][]string{head}, rows...)
	}
	t.headed = t.headed || len(rows) > 0 || t.ended
	empty := make([]bool, len(t.grid.columns)) // but for the header; what comes later may fill a column
	for i := range empty {
		empty[i] = t.page.Finite && !slices.ContainsFunc(rows[min(1, len(rows)):], func(row []string) bool { return i < len(row) && row[i] != "" })
	}
	for _, row := range rows {
		for i, cell := range row {
			if i == len(t.widths) {
				t.widths = append(t.widths, 0)
				if !t.page.Finite && (!t.page.Renews || sink.Dumb()) && t.page.Size != nil { // what comes later may be wider
					t.widths[i] = narrow
				}
			}
			t.widths[i] = max(t.widths[i], sink.Width(cell))
		}
	}
	widths, space := t.widths, gap
	if t.page.Size != nil {
		columns, _ := t.page.Size()
		widths, space = fit(widths, columns, t.grid.columns, empty)
		t.tell(widths)
	}
	for _, row := range rows {
		var line strings.Builder
		for i, cell := range row {
			if i >= len(widths) || widths[i] == hidden {
				continue
			}
			if line.Len() > 0 {
				line.WriteString(strings.Repeat(" ", space))
			}
			cell = sink.Cut(cell, widths[i])
			line.WriteString(cell + strings.Repeat(" ", widths[i]-sink.Width(cell)))
		}
		lines = append(lines, strings.TrimRight(line.String(), " "))
	}
	return lines
}

// tell says, once, which columns there is no room for.
func (t *tableWriter) tell(widths []int) {
	if t.told || t.page.Stderr == nil || t.page.Renews {
		return
	}
	var out []string
	for i, w := range widths {
		if w == hidden && i < len(t.grid.columns) {
			out = append(out, strings.ToUpper(sink.Visible(t.grid.columns[i], "")))
		}
	}
	if out != nil {
		t.told = true
		fmt.Fprintf(t.page.Stderr, "baleen: no room for %s; --columns picks columns\n", strings.Join(out, ", "))
	}
}

// hidden is the width of a column that is left out.
const hidden = -1

// fit makes columns fit a terminal: empty ones go first, then the widest get
// narrower, then the last ones go. Ids and states are never cut.
func fit(widths []int, columns int, names []string, empty []bool) (fitted []int, space int) {
	fitted, space = slices.Clone(widths), gap
	whole := func(i int) bool {
		return i < len(names) && slices.Contains([]string{"id", "status", "state", "action"}, strings.ToLower(names[i]))
	}
	total := func(limit int) int {
		n := -space
		for i, w := range fitted {
			switch {
			case w == hidden:
			case whole(i):
				n += w + space
			default:
				n += min(w, limit) + space
			}
		}
		return n
	}
	for i := range fitted {
		if total(columns) > columns && i < len(empty) && empty[i] {
			fitted[i] = hidden
		}
	}
	if total(narrow) > columns {
		space = gap - 1 // before one is left out
	}
	for i := len(fitted) - 1; i > 0 && total(narrow) > columns; i-- {
		if !whole(i) {
			fitted[i] = hidden
		}
	}
	limit := columns
	for limit > 1 && total(limit) > columns {
		limit--
	}
	for i, w := range fitted {
		if w != hidden && !whole(i) {
			fitted[i] = min(w, limit)
		} else if w != hidden {
			fitted[i] = min(w, columns)
		}
	}
	return fitted, space
}

// tableScreen is a table whose rows are renewed in place.
type tableScreen struct {
	table  *tableWriter
	rows   latest[[]string]
	screen screen
}

func (s *tableScreen) add(dst []byte, result json.RawMessage) ([]byte, error) {
	row := s.table.row(result)
	*s.rows.of(nameOf(result, append(row, "")[0])) = row
	return dst, nil
}

func (s *tableScreen) draw(dst []byte) []byte {
	var rows [][]string
	for _, row := range s.rows.all() {
		rows = append(rows, *row)
	}
	s.table.headed, s.table.widths = false, nil
	_, height := s.table.page.Size()
	return s.screen.draw(dst, s.table.lines(rows), height)
}
