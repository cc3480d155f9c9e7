package print

import (
	"baleen/source/record"
	"encoding/json"
	"fmt"
	"io"
	"strings"
)

// Output is one way to print results.
type Output struct {
	Name  string
	Usage string // a few words, for help
	JSON  bool   // prints JSON, so that the flags that lay JSON out go with it
	Rows  bool   // shows columns, which the filter's text may name
	View  bool   // shows a record that no filter changed as its source's view
	New   func(Page, record.Flags) (encoder, error)
}

// Outputs lists every output in the order of the help text; the first one is
// the default.
func Outputs() []Output {
	return []Output{ndjson(), jsonArray(), yaml(), table(), tsv(), csv(), chart()}
}

// ChooseOutput finds the output that the flags ask for.
func ChooseOutput(f record.Flags) (Output, error) {
	for _, o := range Outputs() {
		if o.Name == f.String("output") {
			return o, nil
		}
	}
	return Output{}, &record.UsageError{Message: fmt.Sprintf("--output is one of %s, not %q", strings.Join(OutputNames(), ", "), f.String("output"))}
}

// OutputNames lists what can follow --output.
func OutputNames() (names []string) {
	for _, o := range Outputs() {
		names = append(names, o.Name)
	}
	return names
}

// Page is what results are printed on, and what is known of them beforehand.
type Page struct {
	W       io.Writer
	Stderr  io.Writer                   // for messages; nil for none
	Size    func() (columns, lines int) // of the terminal that W is; nil if it is none
	Columns []string                    // dotted paths; nil takes the keys of the first result
	Renews  bool                        // a result takes the place of the earlier one of the same name
}

// encoder lays results out.
type encoder struct {
	add  func(dst []byte, result json.RawMessage) ([]byte, error)
	held func(dst []byte) []byte // adds what was kept back to see more of it; nil if nothing ever is
	end  func(dst []byte) []byte // adds what comes last; nil for nothing
}
