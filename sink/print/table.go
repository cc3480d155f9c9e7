package print

import (
	"baleen/sink"
	"baleen/source/record"
	"encoding/json"
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
		if p.Renews && p.Size != nil {
			s := &tableScreen{table: t}
			return encoder{add: s.add, held: s.draw}, nil
		}
		return encoder{add: t.add, held: t.held}, nil
	}}
}

// tableWriter lays rows out a screenful at a time. Columns grow as wider values come.
type tableWriter struct {
	page   Page
	grid   grid
	rows   [][]string
	widths []int
	headed bool
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
	if !t.headed && len(t.grid.columns) > 0 && len(rows) > 0 {
		head := make([]string, len(t.grid.columns))
		for i, c := range t.grid.columns {
			head[i] = strings.ToUpper(sink.Visible(c, ""))
		}
		rows = append([][]string{head}, rows...)
		t.headed = true
	}
	for _, row := range rows {
		for i, cell := range row {
			if i == len(t.widths) {
				t.widths = append(t.widths, 0)
			}
			t.widths[i] = max(t.widths[i], sink.Width(cell))
		}
	}
	widths := t.widths
	if t.page.Size != nil {
		columns, _ := t.page.Size()
		widths = fit(widths, columns)
	}
	for _, row := range rows {
		var line strings.Builder
		for i, cell := range row[:min(len(row), len(widths))] {
			if i > 0 {
				line.WriteString(strings.Repeat(" ", gap))
			}
			cell = sink.Cut(cell, widths[i])
			line.WriteString(cell + strings.Repeat(" ", widths[i]-sink.Width(cell)))
		}
		lines = append(lines, strings.TrimRight(line.String(), " "))
	}
	return lines
}

// fit narrows the widest columns until they fit a terminal, and leaves out the
// last ones where that would leave too little of each.
func fit(widths []int, columns int) []int {
	total := func(limit int) int {
		n := gap * (len(widths) - 1)
		for _, w := range widths {
			n += min(w, limit)
		}
		return n
	}
	for len(widths) > 1 && total(narrow) > columns {
		widths = widths[:len(widths)-1]
	}
	limit := columns
	for limit > 1 && total(limit) > columns {
		limit--
	}
	fitted := slices.Clone(widths)
	for i := range fitted {
		fitted[i] = min(fitted[i], limit)
	}
	return fitted
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
