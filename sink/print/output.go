package print

import (
	"baleen/sink"
	"baleen/source/record"
	"encoding/json"
	"fmt"
	"io"
	"os"
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

// chooseOutput finds the output that the flags ask for; what BALEEN_OUTPUT says is
// for a terminal only.
func chooseOutput(f record.Flags, terminal bool) (Output, error) {
	flag, name := "--output", f.String("output")
	switch variable := os.Getenv("BALEEN_OUTPUT"); {
	case f.Bool("table") && f.IsSet("output") && name != "table":
		return Output{}, &record.UsageError{Message: "-t is -o table, and -o asks for " + name}
	case f.Bool("table"):
		name = "table"
	case variable != "" && terminal && !f.IsSet("output"):
		flag, name = "BALEEN_OUTPUT", variable
	}
	for _, o := range Outputs() {
		if o.Name == name {
			return o, nil
		}
	}
	return Output{}, &record.UsageError{Message: fmt.Sprintf("%s is one of %s, not %q", flag, strings.Join(OutputNames(), ", "), name)}
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
	Percent []string                    // of the columns, those that are percentages
	Renews  bool                        // a result takes the place of the earlier one of the same name
	Quits   bool                        // q ends a screen that is drawn anew

	Document bool // a result is read by itself: it is indented
	Finite   bool // results have an end: a table is laid out once all are known
	Headless bool // without a header
}

// encoder lays results out.
type encoder struct {
	add  func(dst []byte, result json.RawMessage) ([]byte, error)
	held func(dst []byte) []byte // adds what was kept back to see more of it; nil if nothing ever is
	end  func(dst []byte) []byte // adds what comes last; nil for nothing

	holds  func() bool // reports whether anything is kept back; nil if nothing ever is
	screen bool        // draws the terminal anew

	// through gives what stands before and after a result that is printed as it is,
	// and whether it is; nil if none ever is.
	through func(result json.RawMessage) (before, after string, ok bool)
}

// colored reports whether output is in colour: on a terminal that has any, unless
// it is not wanted.
func colored(terminal bool, f record.Flags) bool {
	return f.Bool("color-output") || terminal && os.Getenv("NO_COLOR") == "" && !sink.Dumb() && !f.Bool("monochrome-output")
}
