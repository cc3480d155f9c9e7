package engine

import (
	"cmp"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
)

// results say how each script did on each kind of Engine.
type results struct {
	mu    sync.Mutex
	cells map[string]map[string]string // script, kind: pass, fail or skip
}

func (r *results) add(script string, kind Kind, t *testing.T) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.cells == nil {
		r.cells = map[string]map[string]string{}
	}
	if r.cells[script] == nil {
		r.cells[script] = map[string]string{}
	}
	switch {
	case t.Failed():
		r.cells[script][kind.Name] = "fail"
	case t.Skipped():
		r.cells[script][kind.Name] = "skip"
	default:
		r.cells[script][kind.Name] = "pass"
	}
}

const tableBegin, tableEnd = "<!-- scripts and Engines: written by go test with BALEEN_MATRIX -->\n", "<!-- end -->\n"

// write puts the results as a table into a file, between two comments. What did
// not run keeps the result that it has there, unless the script is gone.
func (r *results) write(file, dir string) error {
	text, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	before, rest, found := strings.Cut(string(text), tableBegin)
	table, after, ended := strings.Cut(rest, tableEnd)
	if !found || !ended {
		return fmt.Errorf("%s has no place for the table: %s%s", file, tableBegin, tableEnd)
	}
	return os.WriteFile(file, []byte(before+tableBegin+r.table(table, dir)+tableEnd+after), 0o644)
}

// table is the results of a directory's scripts, over those of an earlier table.
func (r *results) table(earlier, dir string) string {
	r.mu.Lock()
	defer r.mu.Unlock()
	all := map[string]map[string]string{}
	var columns []string
	for row := range strings.Lines(earlier) {
		cells := strings.Split(strings.Trim(row, "| \n"), " | ")
		if columns == nil {
			columns = cells
			continue
		}
		if len(cells) != len(columns) || strings.HasPrefix(cells[0], "---") {
			continue
		}
		all[cells[0]] = map[string]string{}
		for i, cell := range cells[1:] {
			all[cells[0]][columns[i+1]] = cell
		}
	}
	for script, cells := range r.cells {
		if all[script] == nil {
			all[script] = map[string]string{}
		}
		maps.Copy(all[script], cells)
	}
	var b strings.Builder
	b.WriteString("| script")
	for _, kind := range Kinds() {
		b.WriteString(" | " + kind.Name)
	}
	b.WriteString(" |\n" + strings.Repeat("|---", len(Kinds())+1) + "|\n")
	for _, script := range slices.Sorted(maps.Keys(all)) {
		if _, err := os.Stat(filepath.Join(dir, script+".txtar")); err != nil {
			continue
		}
		b.WriteString("| " + script)
		for _, kind := range Kinds() {
			b.WriteString(" | " + cmp.Or(all[script][kind.Name], "–"))
		}
		b.WriteString(" |\n")
	}
	return b.String()
}
