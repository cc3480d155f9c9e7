package query

import (
	"cmp"
	"fmt"
	"reflect"
	"strconv"
	"time"

	"github.com/itchyny/gojq"

	"baleen/source/record"
)

// numberCalls gives each call of lasting and burst its own number, since each
// keeps a state of its own.
func numberCalls(q *gojq.Query) {
	n := 0
	walk(reflect.ValueOf(q), func(node any) {
		if f, ok := node.(*gojq.Func); ok && len(f.Args) == 2 && (f.Name == "lasting" || f.Name == "burst") {
			f.Name = "_" + f.Name
			f.Args = append([]*gojq.Query{{Term: &gojq.Term{Type: gojq.TermTypeNumber, Number: strconv.Itoa(n)}}}, f.Args...)
			n++
		}
	})
}

// moments is what lasting and burst know of resources, by call and resource.
type moments map[string]*moment

type moment struct {
	since time.Time   // the condition holds; zero for not
	last  time.Time   // of the latest record
	times []time.Time // of the latest records, for burst
}

// pause is how long a resource may be silent before a condition is taken to have
// stopped: samples come each second.
const pause = 30 * time.Second

// of finds the moment of a record's resource, and the time of the record by the
// Engine's clock. It lets go of resources that have been silent for long.
func (m moments) of(call any, v any, keep time.Duration) (*moment, time.Time, error) {
	fields, _ := v.(map[string]any)
	is, err := record.IdentifyValue(fields)
	if err != nil || cmp.Or(is.ID, is.Name) == "" {
		return nil, time.Time{}, fmt.Errorf("cannot tell which resource the record is of")
	}
	at := time.Now()
	for _, key := range []string{"timeNano", "read", "time"} {
		if s, ok := timestamp(fields[key], nil).(float64); ok {
			at = time.Unix(0, int64(s*1e9))
			break
		}
		if s, ok := timestamp(fields[key], nil).(int); ok {
			at = time.Unix(int64(s), 0)
			break
		}
	}
	key := fmt.Sprint(call, " ", is.Kind, " ", cmp.Or(is.ID, is.Name))
	if m[key] == nil {
		for other, o := range m {
			if at.Sub(o.last) > keep+time.Minute {
				delete(m, other)
			}
		}
		m[key] = &moment{}
	}
	return m[key], at, nil
}

func (p *Program) lasting(v any, args []any) any {
	seconds, ok := number(duration(nil, args[1:2]))
	if !ok {
		return duration(nil, args[1:2])
	}
	span := time.Duration(seconds * float64(time.Second))
	o, at, err := p.moments.of(args[0], v, span)
	if err != nil {
		return fmt.Errorf("lasting: %w", err)
	}
	if holds := args[2] != nil && args[2] != false; !holds {
		o.since, o.last = time.Time{}, at
		return false
	}
	if o.since.IsZero() || at.Sub(o.last) > pause {
		o.since = at
	}
	o.last = at
	return at.Sub(o.since) >= span
}

func (p *Program) burst(v any, args []any) any {
	n, whole := args[1].(int)
	if !whole || n < 1 {
		return cannot("burst", "count to", args[1])
	}
	seconds, ok := number(duration(nil, args[2:3]))
	if !ok {
		return duration(nil, args[2:3])
	}
	span := time.Duration(seconds * float64(time.Second))
	o, at, err := p.moments.of(args[0], v, span)
	if err != nil {
		return fmt.Errorf("burst: %w", err)
	}
	o.last = at
	o.times = append(o.times, at)
	for len(o.times) > 0 && at.Sub(o.times[0]) > span {
		o.times = o.times[1:]
	}
	if len(o.times) < n {
		return false
	}
	o.times = nil
	return true
}
