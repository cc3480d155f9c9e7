package query

import (
	"context"
	"encoding/json"
	"iter"
	"regexp"
	"testing"
	"time"
)

// FuzzFilter: no text makes Compile or a run panic.
func FuzzFilter(f *testing.F) {
	for _, filter := range []string{
		".", "", ".a[] | select(.b == 1)?", "[inputs]", "input", "name, tags, dangling, short_id, label(\"x\")", "$__loc__", "{$__loc__, a: label(1)}",
		"def f(x; $y): x | $y; f(.; 1)", "label $out | 1, break $out", "reduce .[] as [$a, {b: $c}] (0; . + $a)", "try error(\"x\") catch .", "\"a\\(.a)b\" # c",
		"@base64 \"x\\(.)\"", ".a |= empty", "limit(3; repeat(1))", "import \"a\" as a; .", "..|numbers", "halt_error", "1 as $x ?// [$x] | $x", "debug, stderr", "ltrimstr(1)", "$ENV|length",
		"getpath([\"a\",0])", "path(..)", "to_entries", "test(\"a\"; \"x\")", "[.[]?]|sort_by(.a)", "\x01label (", "if . then 1 elif 2 then 3 end", "foreach .[] as $x (0; .+1; [$x,.])",
		"repo, tag", "duration(\"1h30m\")", "timestamp", "bytes(\"1.5GB\")", "human_size", "human_duration", "[containers]", "inspect", "in_use", "$engine",
		"[.] | beyond_newest(1; .b)", "[.] | beyond_budget(1; 1)",
	} {
		f.Add(filter)
	}
	large := regexp.MustCompile(`[0-9]{4}|[0-9][eE]|infinite|\*`)
	f.Fuzz(func(t *testing.T, filter string) {
		if large.MatchString(filter) {
			t.Skip("may ask for more memory than there is")
		}
		p, err := Compile(Options{Filter: filter, Library: []string{t.TempDir()}})
		if err != nil {
			_ = err.Error()
			return
		}
		if p.code == nil {
			return
		}
		ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
		defer cancel()
		next, stop := iter.Pull2(records(`{"b":[1,2.5,"x",null],"a":{"Names":["/web"]},"Id":"sha256:0123456789abcdef"}`, `[1,"a"]`))
		defer stop()
		left := 20
		p.questions = newQuestions(p)
		p.stream = newStream(p, next, func(b json.RawMessage, err error) bool {
			if err == nil && !json.Valid(b) {
				t.Errorf("%q gave %q", filter, b)
			}
			left--
			return left > 0
		})
		p.stream.run(p.code.RunWithContext(ctx, nil, p.vars...))
	})
}
