package query

import (
	"encoding/json"
	"errors"
	"fmt"
	"iter"
	"runtime"
	"slices"
	"strings"
	"time"
	"weak"

	"github.com/itchyny/gojq"

	"baleen/query/text"
)

// Engine is how a filter asks the Engine that its records come from.
type Engine struct {
	// Get gives each record at a path of the API, valid until the next is asked
	// for. An error that has NotFound() true says that there is no such thing.
	// It may be called from several goroutines.
	Get func(path string) iter.Seq2[json.RawMessage, error]
	// Info says what the Engine calls itself, where it is and the API's version.
	Info func() (name, host, apiVersion string, err error)
	// Wait is called before waiting for something that Get was asked for earlier.
	Wait func()
}

// A run's questions to the Engine, and the answers.
//
// An Engine that does not answer is no matter of one record: what the filter would
// have made of it is not known, so the run ends, and no filter can catch that.
type questions struct {
	options *Options
	decoder text.Decoder
	count   func() int            // of the records read
	failure error                 // that ends the run
	needs   map[string]*text.Need // what is looked at of the records at a path; nil for all
	pruned  []byte
	answers map[string]*answer
	dropped []dropped
	clock   int // of the uses of answers
	usage   usage

	indexed    []any // what imagesByID was made of
	imagesByID map[string]any

	info  any
	ahead lookahead
}

func newQuestions(p *Program) *questions {
	q := &questions{
		options: &p.options,
		decoder: text.Decoder{Orders: p.orders},
		count:   func() int { return p.stream.count },
		answers: map[string]*answer{},
		ahead:   lookahead{under: map[string]*full{}, places: map[string]int{}, latest: -1},
	}
	if !p.seesAnswers {
		q.needs = map[string]*text.Need{
			"/containers/json?all=1": text.Only("ImageID", "Image", "ImageManifestDescriptor.digest", "Mounts[].Name", "NetworkSettings.Networks", "HostConfig.NetworkMode"),
			"/images/json?all=1":     text.Only("Id", "ParentId"),
		}
	}
	return q
}

// errNoEngine fails what asks the Engine where there is none.
var errNoEngine = errors.New("the filter asks the Engine, but there is none")

// fail ends the run.
func (q *questions) fail(err error) any {
	q.failure = err
	return &gojq.HaltError{} // which no filter can catch
}

// failed is what comes of a request for one thing: that there is none is a
// matter of the record that it was asked for.
func (q *questions) failed(function string, err error) any {
	var missing interface{ NotFound() bool }
	if errors.As(err, &missing) && missing.NotFound() {
		return fmt.Errorf("%s: %w", function, err)
	}
	return q.fail(err)
}

// close ends what was not read to its end.
func (q *questions) close() {
	for _, a := range q.answers {
		a.stop()
	}
	for _, d := range q.dropped {
		d.stop()
	}
}

const (
	liveAge    = time.Second // how old an answer may get on a stream without end
	maxAnswers = 64          // how many of them are kept
)

// An answer is what the Engine has said at a path, as far as it was read.
type answer struct {
	need   *text.Need // nil for all
	values []any
	next   func() (json.RawMessage, error, bool) // nil at the end
	stop   func()
	err    error // in place of what follows
	at     time.Time
	used   int // the clock at the latest use
}

// A dropped answer has not been read to its end. A generator of the filter may
// still read it, and does not say when it won't any more.
type dropped struct {
	answer weak.Pointer[answer]
	stop   func()
}

// drop lets go of the answer at path, and closes those dropped that nothing holds.
func (q *questions) drop(path string) {
	a := q.answers[path]
	delete(q.answers, path)
	if a.next != nil {
		q.dropped = append(q.dropped, dropped{weak.Make(a), a.stop})
		if len(q.dropped)%maxAnswers == 0 {
			runtime.GC() // lest too many connections stay open
		}
	}
	q.dropped = slices.DeleteFunc(q.dropped, func(d dropped) bool {
		unread := d.answer.Value() == nil
		if unread {
			d.stop()
		}
		return unread
	})
}

// answer gives the answer at path, an earlier one if it may be used again.
func (q *questions) answer(path string) *answer {
	a := q.answers[path]
	if a != nil && q.options.Live && time.Since(a.at) >= liveAge {
		q.drop(path)
		a = nil
	}
	if a == nil {
		q.evict()
		a = &answer{need: q.needs[path], at: time.Now()}
		a.next, a.stop = iter.Pull2(q.options.Engine.Get(path))
		q.answers[path] = a
	}
	q.clock++
	a.used = q.clock
	return a
}

// evict makes room for another answer.
func (q *questions) evict() {
	if len(q.answers) < maxAnswers {
		return
	}
	oldest := ""
	for path, a := range q.answers {
		if oldest == "" || a.used < q.answers[oldest].used {
			oldest = path
		}
	}
	q.drop(oldest)
}

// decode makes the value of an answer, which outlives the record.
func (q *questions) decode(raw []byte) any {
	v := q.decoder.Decode(string(raw))
	q.decoder.Orders.Age()
	return v
}

// value gives the value at i of an answer, if it has so many.
func (q *questions) value(a *answer, i int) (v any, ok bool, err error) {
	for i >= len(a.values) {
		if a.next == nil {
			return nil, false, a.err
		}
		raw, err, ok := a.next()
		if err != nil || !ok {
			a.stop()
			a.next, a.err = nil, err
			return nil, false, err
		}
		if a.need != nil {
			q.pruned, raw = a.need.Prune(q.pruned, raw)
		}
		a.values = append(a.values, q.decode(raw))
	}
	return a.values[i], true, nil
}

// all gives every value of the answer at path.
func (q *questions) all(path string) ([]any, error) {
	if q.options.Engine.Get == nil {
		return nil, errNoEngine
	}
	a := q.answer(path)
	for {
		_, ok, err := q.value(a, len(a.values))
		if !ok {
			return a.values, err
		}
	}
}

func (p *Program) get(_ any, args []any) gojq.Iter {
	path, ok := args[0].(string)
	if !ok {
		return gojq.NewIter[any](cannot("engine", "ask for", args[0]))
	}
	if p.options.Engine.Get == nil {
		return gojq.NewIter(p.questions.fail(errNoEngine))
	}
	if !strings.HasPrefix(path, "/") {
		path = "/" + path
	}
	a, i := p.questions.answer(path), 0
	return iterator(func() (any, bool) {
		v, ok, err := p.questions.value(a, i)
		if err != nil {
			return p.questions.fail(err), true
		}
		i++
		return v, ok
	})
}

func (p *Program) engineInfo(any, []any) any {
	q := p.questions
	if q.info == nil {
		if q.options.Engine.Info == nil {
			return q.fail(errNoEngine)
		}
		name, host, version, err := q.options.Engine.Info()
		if err != nil {
			return q.fail(err)
		}
		q.info = p.object("name", name, "host", host, "api_version", version)
		p.orders.Age()
	}
	return q.info
}
