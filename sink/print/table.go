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
	readable = 16  // a column that few rows fill is left out before others get narrower
	narrow   = 8   // a column is left out before it gets narrower
	lookOver = 200 // rows that a table looks over before it settles on widths
)

func table() Output {
	return Output{Name: "table", Usage: "for people", Rows: true, View: true, New: func(p Page, f record.Flags) (encoder, error) {
		t := &tableWriter{page: p, grid: newGrid(p)}
		if p.Renews && p.Size != nil && !sink.Dumb() {
			s := &tableScreen{table: t, screen: screen{quits: p.Quits}}
			return encoder{add: s.add, held: s.draw, screen: true}, nil
		}
		end := func(dst []byte) []byte {
			t.ended = true
			return t.held(dst)
		}
		holds := func() bool { return len(t.rows) > 0 }
		if p.Finite {
			return encoder{add: t.keep, end: end, holds: holds}, nil
		}
		return encoder{add: t.add, held: t.held, end: end, holds: holds}, nil
	}}
}

// tableWriter lays rows out a screenful at a time. Columns grow as wider values come.
type tableWriter struct {
	page   Page
	grid   grid
	rows   [][]string
	widths []int
	headed bool
	hidden []bool // columns of a stream that its header left out
	ended  bool   // no more rows come
	told   bool   // which columns are hidden
	noRoom string // for these columns: a message, or ""
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
	filled := t.filled(rows)
	if !t.headed && len(t.grid.columns) > 0 && (len(rows) > 0 || t.ended) && !t.page.Headless {
		head := make([]string, len(t.grid.columns))
		for i, c := range t.grid.columns {
			head[i] = t.head(c)
		}
		rows = append([][]string{head}, rows...)
	}
	t.headed = t.headed || len(rows) > 0 || t.ended
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
		widths, space = fit(widths, columns, t.grid.columns, filled, t.hidden)
		t.tell(widths)
		if !t.page.Finite && !t.page.Renews && t.headed {
			t.hidden = nil
			for _, w := range widths {
				t.hidden = append(t.hidden, w == hidden)
			}
		}
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
			cell = t.cut(cell, i, widths[i])
			line.WriteString(cell + strings.Repeat(" ", widths[i]-sink.Width(cell)))
		}
		lines = append(lines, strings.TrimRight(line.String(), " "))
	}
	return lines
}

// cut shortens a cell of a column: of a reference to an image the registry goes first.
func (t *tableWriter) cut(cell string, column, width int) string {
	path := strings.LastIndexByte(cell, '/') + 1
	if path > 0 && sink.Width(cell) > width && column < len(t.grid.columns) && slices.Contains([]string{"image", "name", "repository"}, strings.ToLower(t.grid.columns[column])) {
		if sink.Width(cell[path:]) < width {
			return sink.CutStart(cell, width)
		}
		cell = "…" + cell[path:]
	}
	return sink.Cut(cell, width)
}

// head is what stands above a column.
func (t *tableWriter) head(column string) string {
	name := strings.ToUpper(sink.Visible(column, ""))
	if slices.Contains(t.page.Percent, column) {
		name += " %"
	}
	return name
}

// filled is how many of a hundred rows have anything in each column. In a stream all have: what comes later may fill it.
func (t *tableWriter) filled(rows [][]string) []int {
	filled := make([]int, len(t.grid.columns))
	for i := range filled {
		if !t.page.Finite {
			filled[i] = 100
			continue
		}
		for _, row := range rows {
			if i < len(row) && row[i] != "" {
				filled[i] += 100
			}
		}
		filled[i] /= max(1, len(rows))
	}
	return filled
}

// tell says, once, which columns there is no room for; a screen says it itself.
func (t *tableWriter) tell(widths []int) {
	var out []string
	for i, w := range widths {
		if w == hidden && i < len(t.grid.columns) {
			out = append(out, t.head(t.grid.columns[i]))
		}
	}
	if t.noRoom = ""; out != nil {
		t.noRoom = fmt.Sprintf("no room for %s; --columns picks columns", strings.Join(out, ", "))
	}
	if out != nil && !t.told && t.page.Stderr != nil && !t.page.Renews {
		t.told = true
		fmt.Fprintf(t.page.Stderr, "baleen: %s\n", t.noRoom)
	}
}

// hidden is the width of a column that is left out.
const hidden = -1

// fit makes columns fit a terminal: empty ones go first, then the widest get
// narrower down to what can be read; then those go that few rows fill, then the
// last ones. Ids, states, times and sizes are never cut. Filled is how many of a hundred rows
// fill each; what is hidden already stays so, and no other column joins it.
func fit(widths []int, columns int, names []string, filled []int, already []bool) (fitted []int, space int) {
	fitted, space = slices.Clone(widths), gap
	for i := range fitted {
		if i < len(already) && already[i] {
			fitted[i] = hidden
		}
	}
	whole := func(i int) bool {
		return i < len(names) && slices.Contains([]string{"id", "status", "state", "created", "time", "size"}, strings.ToLower(names[i]))
	}
	shrunk := func(i, limit int) int {
		if i < len(names) && strings.EqualFold(names[i], "action") { // the start of "health_status: healthy" says nothing
			limit = max(limit, readable)
		}
		return min(fitted[i], limit)
	}
	total := func(limit int) int {
		n := -space
		for i, w := range fitted {
			switch {
			case w == hidden:
			case whole(i):
				n += w + space
			default:
				n += shrunk(i, limit) + space
			}
		}
		return n
	}
	// leave leaves out columns that no more than so many rows fill, until those that
	// are left can be that wide.
	leave := func(rows, wide int) {
		for i := len(fitted) - 1; i > 0 && total(wide) > columns; i-- {
			if i < len(filled) && filled[i] <= rows && !whole(i) {
				fitted[i] = hidden
			}
		}
	}
	if already == nil {
		leave(0, columns)
		leave(25, readable)
	}
	if total(narrow) > columns {
		space = gap - 1 // before one is left out
	}
	for i := len(fitted) - 1; i > 0 && already == nil && total(narrow) > columns; i-- {
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
			fitted[i] = shrunk(i, limit)
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
	columns, height := s.table.page.Size()
	lines := s.table.lines(rows)
	return s.screen.draw(dst, lines, s.table.noRoom, columns, height)
}
