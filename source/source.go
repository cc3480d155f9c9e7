// Package source reads records: one file a source, each an iterator over the
// Engine's own JSON, and the Engine that they come from.
package source

import (
	"baleen/source/engine"
	"baleen/source/record"
	"context"
	"io"

	"github.com/urfave/cli/v2"
)

// Request is what the user asked of a source.
type Request struct {
	Names   []string
	Filters engine.Filters
	Flags   record.Flags
	Stdin   func() io.Reader            // standard input, from its beginning
	Engines []*engine.Engine            // all that are asked
	Note    func(kind, name, id string) // is told what names mean where records do not have the id; may be nil
}

// Source is one kind of record that baleen can read.
type Source struct {
	Name     string
	Aliases  []string
	Usage    string                  // one line, for help
	Keys     string                  // of its records, as far as they are known, for help
	Args     string                  // what the names are, for help; "" takes none
	MinArgs  int                     // how many names there have to be
	Examples []string                // command lines to paste, for help
	Kind     string                  // what actions act on: "image", "container", "volume", "network", "buildcache", "service" and so on, "event" for what each event names; "" cannot be acted on, "any" by its --kind flag
	Filters  bool                    // takes -f
	Flags    []cli.Flag              // its own flags
	Live     func(record.Flags) bool // true: a stream without an end, acted on as it comes
	View     string                  // a filter: what a table shows of each record
	Percent  []string                // what of the view is a percentage
	Samples  bool                    // a live record takes the place of the earlier one of the same name
	Document bool                    // a record is read by itself: on a terminal it is indented
	Layers   bool                    // records are progress messages about layers
	JQ       string                  // what jq makes records of an answer with, for --curl; "" where it is records, "-" where jq cannot read it
	Writes   func(record.Flags) bool // true: needs a connection that can write
	Check    func(Request) error     // a *UsageError if the words cannot be meant
	Records  func(context.Context, *engine.Engine, Request) record.Seq
}

// All lists every source in the order of the help text.
func All() []Source {
	return []Source{
		images(),
		containers(),
		volumes(),
		networks(),
		buildCache(),
		stats(),
		events(),
		logs(),
		inspect(),
		history(),
		changes(),
		top(),
		df(),
		info(),
		version(),
		pull(),
		services(),
		tasks(),
		nodes(),
		secrets(),
		configs(),
		plugins(),
		api(),
		read(),
	}
}

// namesOrFilters refuses both at once: the Engine's filters go with lists.
func namesOrFilters(source string, r Request) error {
	if len(r.Names) > 0 && len(r.Filters) > 0 {
		return &record.UsageError{Message: source + " takes names or -f, not both"}
	}
	return nil
}
