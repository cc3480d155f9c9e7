package print

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"syscall"

	"baleen/source/record"
)

// Results is what is known of a command line's results before the first.
type Results struct {
	Live     bool     // they have no end
	Samples  bool     // where live, one takes the place of the earlier one of the same name
	Document bool     // each is read by itself
	Several  bool     // they are of several Engines
	Action   []string // the keys of an action's results; nil where they are a filter's
	Known    []string // keys that those of an action may have besides
	Filter   []string // the keys that the filter's text names; nil if it names none
	View     *View    // how to show records that no filter changed; nil for results that are none
}

// View is how a source shows its records to people.
type View struct {
	Columns []string
	Percent []string                    // of the columns, those that are percentages
	Show    func(record.Seq) record.Seq // makes an object of the columns of each record
	Pair    func(record.Seq) record.Seq // makes of each what [Columns.Rows] takes
}

// New prints results on page, whose columns it chooses, as the flags say.
func New(page Page, r Results, f record.Flags) (*Printer, error) {
	output, err := chooseOutput(f, page.Size != nil)
	if err != nil {
		return nil, err
	}
	if f.Bool("prefix") {
		output = prefixed()
	}
	columns, err := parseColumns(f)
	if err != nil {
		return nil, err
	}
	if r.Live && columns.Sort != "" {
		return nil, &record.UsageError{Message: "--sort needs all rows, and this stream has no end"}
	}
	page.Finite, page.Document, page.Renews = !r.Live, r.Document, r.Samples && r.Live && r.Action == nil
	var first []string
	if r.Several {
		first = []string{"Engine"}
	}
	shown := r.View != nil && (output.View || columns.Sort != "")
	switch {
	case !output.Rows && !columns.Asked():
	case r.Action != nil:
		page.Columns = append(first, r.Action...)
	case shown:
		page.Columns = append(first, r.View.Columns...)
	default:
		page.Columns = r.Filter
	}
	if columns.Names != nil {
		page.Columns = columns.Names
	}
	if r.View != nil { // what a filter calls the same may be anything
		page.Percent = r.View.Percent
	}
	columns.Known = slices.Concat(r.Action, r.Known)
	if columns.Human = output.Name == "table"; output.View {
		columns.Keep = []string{"name", "Engine"}
	}
	p, err := newPrinter(output, page, f)
	if err != nil {
		return nil, err
	}
	switch {
	case columns.Asked() && r.View != nil:
		p.rows = func(records record.Seq) record.Seq { return columns.Rows(r.View.Pair(records), true) }
	case columns.Asked():
		p.rows = func(results record.Seq) record.Seq { return columns.Rows(results, false) }
	case r.View != nil && output.View:
		p.rows = r.View.Show
	}
	p.Engines = r.Several && r.Action == nil && (output.View || columns.Sort != "") && columns.Names == nil
	return p, nil
}

// Rows makes of results what is printed of them: where a table shows records that
// no filter changed, that is what their view has; else the columns that were asked for.
func (p *Printer) Rows(results record.Seq) record.Seq {
	if p.rows == nil {
		return results
	}
	return p.rows(results)
}

// Acts is what it takes to print the results of an action.
type Acts struct {
	Stop   func()    // has nothing more begin
	Stderr io.Writer // for the results of what was under way, when they cannot be written
}

// All prints results and closes the output; fail is told of the errors among them.
// Those of an action leave at once; where they cannot be written it stops. If last
// is not nil it becomes the last result.
func (p *Printer) All(results record.Seq, acts *Acts, last *[]byte, fail func(error)) error {
	var failed error
	var unwritten []json.RawMessage
	for result, err := range results {
		if failed != nil {
			acts.lost(result)
			continue
		}
		if err != nil {
			if usage := (*record.UsageError)(nil); errors.As(err, &usage) { // such as a column that no record has
				return err
			}
			fail(err)
		}
		if result == nil {
			continue
		}
		if acts != nil {
			unwritten = append(unwritten, slices.Clone(result))
		}
		err = p.Print(result)
		if err != nil || acts != nil {
			err = cmp.Or(err, p.Flush()) // what came before is whole
		}
		switch {
		case err == nil:
			if acts != nil && !p.holds() {
				unwritten = nil
			}
		case acts == nil || errors.Is(err, syscall.EPIPE):
			return err
		default:
			failed = err
			acts.Stop()
			acts.lost(unwritten...)
		}
		if last != nil {
			*last = append((*last)[:0], result...)
		}
	}
	if failed == nil {
		if failed = p.Close(); failed != nil && acts != nil && !errors.Is(failed, syscall.EPIPE) {
			acts.lost(unwritten...)
		}
	}
	return failed
}

// lost tells of what was done though its result could not be written.
func (a *Acts) lost(results ...json.RawMessage) {
	for _, result := range results {
		if result != nil {
			fmt.Fprintf(a.Stderr, "baleen: not written: %s\n", result)
		}
	}
}
