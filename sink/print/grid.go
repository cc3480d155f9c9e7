package print

import (
	"baleen/source/record"
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
)

// grid makes rows of results. If the first one is an object, its keys are the
// columns, unless those were given. Without any, and for an array that they were
// not given for, each element is a cell, and any other value the only one.
type grid struct {
	columns []string
	stderr  io.Writer // nil once it was told of lost keys, or if they are not wanted
	given   bool
	begun   bool
}

func newGrid(p Page) grid {
	if p.Columns != nil {
		return grid{columns: p.Columns, given: true}
	}
	return grid{stderr: p.Stderr}
}

func (g *grid) row(result json.RawMessage) (cells []json.RawMessage) {
	if result[0] == '{' && !g.begun && !g.given {
		g.columns = record.Keys(result, nil)
	}
	g.begun = true
	switch {
	case len(g.columns) > 0 && (result[0] == '{' || result[0] == '[' && g.given):
		g.tell(result)
		for _, c := range g.columns {
			cells = append(cells, record.At(result, c))
		}
	case result[0] == '[':
		for _, v := range record.Elements(result) {
			cells = append(cells, v)
		}
	default:
		cells = append(cells, result)
	}
	return cells
}

// tell says, once, which keys of an object are lost.
func (g *grid) tell(result json.RawMessage) {
	if g.stderr == nil {
		return
	}
	var lost []string
	for key, value := range record.Members(result) {
		if !slices.Contains(g.columns, key) && record.Text(value) != "" {
			lost = append(lost, strconv.Quote(key))
		}
	}
	if lost != nil {
		fmt.Fprintf(g.stderr, "baleen: no column shows %s of a record; --columns picks columns\n", strings.Join(lost, ", "))
		g.stderr = nil
	}
}
