package print

import (
	"baleen/sink"
	"baleen/source/record"
	"cmp"
	"encoding/json"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
)

func chart() Output {
	return Output{Name: "chart", Usage: "a line for each number, live", Rows: true, View: true, New: func(p Page, f record.Flags) (encoder, error) {
		if p.Size == nil {
			return encoder{}, &record.UsageError{Message: "-o chart draws on a terminal only"}
		}
		if sink.Dumb() {
			return encoder{}, &record.UsageError{Message: "-o chart needs a terminal that understands escape codes, and TERM is dumb"}
		}
		c := &charts{size: p.Size, columns: p.Columns, percent: p.Percent, given: p.Columns != nil, chosen: f.IsSet("columns"), screen: screen{quits: p.Quits}}
		return encoder{add: c.add, held: c.draw, screen: true}, nil
	}}
}

// charts draws a row of charts for each name, one for each number.
type charts struct {
	size    func() (columns, lines int)
	columns []string
	percent []string // of the columns
	given   bool     // the columns are known beforehand
	chosen  bool     // the columns were asked for: one that is no number is a mistake
	rows    latest[map[string][]float64]
	screen  screen
}

func (c *charts) add(dst []byte, result json.RawMessage) ([]byte, error) {
	if result[0] != '{' {
		return dst, &record.UsageError{Message: fmt.Sprintf("-o chart takes objects with numbers, not %.40s", result)}
	}
	if !c.given {
		c.columns = record.Keys(result, c.columns)
	}
	row := c.rows.of(nameOf(result, ""))
	if *row == nil {
		*row = map[string][]float64{}
	}
	across, _ := c.size()
	for _, column := range c.columns {
		v := record.At(result, column)
		n, err := strconv.ParseFloat(string(v), 32) // leaves room to reckon with
		if err != nil {
			if c.chosen && string(v) != "null" {
				return dst, &record.UsageError{Message: fmt.Sprintf("-o chart: %s is no number: %.40s", column, cmp.Or(string(v), "nothing"))}
			}
			continue
		}
		points := append((*row)[column], n)
		(*row)[column] = slices.Clone(points[max(0, len(points)-2*across):])
	}
	return dst, nil
}

// scale is what all charts of a column are drawn to: the most that any row has,
// and at least 100 for percentages.
func (c *charts) scale(column string) (low, top float64) {
	if slices.Contains(c.percent, column) {
		top = 100
	}
	for _, row := range c.rows {
		for _, n := range row.value[column] {
			low, top = min(low, n), max(top, n)
		}
	}
	return low, top
}

func (c *charts) draw(dst []byte) []byte {
	across, height := c.size()
	var lines []string
	for name, row := range c.rows.all() {
		columns := slices.DeleteFunc(slices.Clone(c.columns), func(column string) bool { return (*row)[column] == nil })
		if len(columns) == 0 {
			continue
		}
		wide := max(1, (across-2*(len(columns)-1))/len(columns))
		high := min(max((height-2)/len(c.rows), 3), 12) - 1
		block := make([]string, high+1)
		for i, column := range columns {
			points := (*row)[column]
			points = points[max(0, len(points)-2*wide):]
			low, top := c.scale(column)
			unit := ""
			if slices.Contains(c.percent, column) {
				unit = " %"
			}
			title := fmt.Sprintf("%s %s (%s–%s%s)", sink.Visible(column, ""), short(points[len(points)-1]), short(low), short(top), unit)
			if i == 0 && name != "" {
				title = name + "  " + title
			}
			for y, line := range append([]string{sink.Cut(title, wide)}, plot(points, low, top, wide, high)...) {
				if i > 0 {
					block[y] += "  "
				}
				block[y] += line + strings.Repeat(" ", wide-sink.Width(line))
			}
		}
		lines = append(lines, block...)
	}
	if len(lines) == 0 && len(c.rows) > 0 {
		lines = []string{sink.Cut("no number to draw; --columns or -q picks some", across)}
	}
	return c.screen.draw(dst, lines, "", across, height)
}

// plot draws points, two to a character, as a line of braille dots, four rows of
// them to each of the high lines, newest at the right, from low to top.
func plot(points []float64, low, top float64, wide, high int) []string {
	const blank = '\u2800'
	dots := [4][2]rune{{1, 8}, {2, 16}, {4, 32}, {64, 128}} // by row and column of a character
	cells := slices.Repeat([]rune{blank}, wide*high)
	row := func(v float64) int {
		if top == low {
			return 4*high - 1
		}
		return int(math.Round((top - v) / (top - low) * float64(4*high-1)))
	}
	for i, v := range points {
		x, y := 2*wide-len(points)+i, row(v)
		from := y
		if i > 0 { // joined to the one before
			from = row(points[i-1])
			if from < y {
				from++
			} else if from > y {
				from--
			}
		}
		for y := min(from, y); y <= max(from, row(v)); y++ {
			cells[y/4*wide+x/2] |= dots[y%4][x%2]
		}
	}
	var lines []string
	for line := range slices.Chunk(cells, wide) {
		lines = append(lines, string(line))
	}
	return lines
}

// short is a number in few characters: 1.234k, 56.7M.
func short(v float64) string {
	unit := ""
	for _, u := range []string{"k", "M", "G", "T", "P"} {
		if math.Abs(v) < 10000 {
			break
		}
		v, unit = v/1000, u
	}
	return strconv.FormatFloat(v, 'g', 4, 64) + unit
}
