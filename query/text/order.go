package text

import (
	"slices"
	"unsafe"
	"weak"
)

// Orders tells in which order the keys of objects were written, for the maps that
// gojq works on have none. It knows those whose keys are not in ascending order.
// A nil Orders takes every object's keys to be.
type Orders struct {
	root   *shape
	shapes int                       // how many hang on root
	young  map[unsafe.Pointer]*shape // which stay alive as long as they are here
	old    map[uintptr]aged          // which do not
	most   int                       // how many of the old before those that are gone are looked for

	All bool // it knows all objects that were written, those whose keys ascend, too

	sort, cutShort bool
}

// A shape is a list of keys. Objects that were written alike share one.
type shape struct {
	before *shape // the list without the last key; nil for the empty list
	key    string // the last one
	length int
	rises  bool              // the keys are in ascending order, none of them twice
	last   *shape            // of next, the one that was asked for last
	next   map[string]*shape // the lists that are longer by one key
	all    []string          // the keys, each in its first place; nil as long as nobody asked
}

type aged struct {
	object weak.Pointer[byte]
	shape  *shape
}

const (
	maxYoung  = 1 << 7 // objects that are kept alive: they may hold much
	maxKeys   = 1 << 5 // of one that is
	maxShapes = 1 << 16
)

// NewOrders makes an empty one.
func NewOrders() *Orders {
	return &Orders{root: &shape{rises: true}, young: map[unsafe.Pointer]*shape{}, old: map[uintptr]aged{}, most: 4 << 10}
}

func place(m map[string]any) unsafe.Pointer {
	return *(*unsafe.Pointer)(unsafe.Pointer(&m)) // a map is a pointer
}

// then is the shape with one key more.
func (o *Orders) then(s *shape, key string) *shape {
	if s.last != nil && s.last.key == key {
		return s.last
	}
	next, ok := s.next[key]
	if !ok {
		next = &shape{before: s, key: key, length: s.length + 1, rises: s.rises && (s.length == 0 || s.key < key)}
		if o.shapes++; o.shapes > maxShapes { // keys that nobody wrote before come on and on
			o.root, o.shapes = &shape{rises: true}, 0
		}
		if s.next == nil {
			s.next = map[string]*shape{}
		}
		s.next[key] = next
	}
	s.last = next
	return next
}

func (s *shape) keys() []string {
	if s.all == nil {
		s.all = make([]string, s.length)
		for at := s; at.before != nil; at = at.before {
			s.all[at.length-1] = at.key
		}
		seen := make(map[string]bool, s.length)
		s.all = slices.DeleteFunc(s.all, func(key string) bool {
			again := seen[key]
			seen[key] = true
			return again
		})
	}
	return s.all
}

// Set says in which order the keys of an object were written.
func (o *Orders) Set(m map[string]any, keys []string) {
	if o == nil || len(m) < 2 {
		return
	}
	s := o.root
	for _, key := range keys {
		s = o.then(s, key)
	}
	o.set(m, s)
}

// Add says that key is new in m, which else is like from, or was it before.
func (o *Orders) Add(m, from map[string]any, key string) {
	if o == nil || len(m) < 2 {
		return
	}
	s := o.shape(from)
	if s == nil || s.length != len(m)-1 {
		s = o.root
		for _, k := range o.Keys(from) {
			if k != key {
				s = o.then(s, k)
			}
		}
	}
	o.set(m, o.then(s, key))
}

// Like says that the keys of m are those of from.
func (o *Orders) Like(m, from map[string]any) {
	if o == nil || len(m) < 2 {
		return
	}
	if s := o.shape(from); s != nil {
		o.set(m, s)
	}
}

// Has is whether it knows the order of the keys of m.
func (o *Orders) Has(m map[string]any) bool { return o.shape(m) != nil }

func (o *Orders) set(m map[string]any, s *shape) {
	at := place(m)
	if s.length > maxKeys {
		delete(o.young, at)
		o.age(at, s)
		return
	}
	if len(o.young) >= maxYoung {
		o.Age()
	}
	o.young[at] = s
}

// Age lets go of the objects that are kept alive. Those that live on keep their order.
func (o *Orders) Age() {
	if o == nil {
		return
	}
	for at, s := range o.young {
		o.age(at, s)
	}
	clear(o.young)
}

func (o *Orders) age(at unsafe.Pointer, s *shape) {
	if len(o.old) > o.most {
		o.sweep()
		o.most = 2*len(o.old) + 4<<10
	}
	o.old[uintptr(at)] = aged{weak.Make((*byte)(at)), s}
}

// Forget drops the order of all objects but of those that have aged.
func (o *Orders) Forget() { clear(o.young) }

func (o *Orders) shape(m map[string]any) *shape {
	if o == nil {
		return nil
	}
	at := place(m)
	if s, ok := o.young[at]; ok {
		return s
	}
	if len(o.old) > 0 {
		if a, ok := o.old[uintptr(at)]; ok && a.object.Value() != nil {
			return a.shape
		}
	}
	return nil
}

// Keys gives the keys of an object in their order; those of which it is not known
// come last, in ascending order. The slice is not the caller's.
func (o *Orders) Keys(m map[string]any) []string { return o.keys(m, nil) }

// keys may use buf.
func (o *Orders) keys(m map[string]any, buf []string) []string {
	if len(m) > 1 && o != nil && !o.sort {
		if s := o.shape(m); s != nil {
			if keys := s.keys(); len(keys) == len(m) && hasAll(m, keys) {
				return keys
			}
			return o.partly(m, s.keys())
		}
	}
	for key := range m {
		buf = append(buf, key)
	}
	slices.Sort(buf)
	return buf
}

func hasAll(m map[string]any, keys []string) bool {
	for _, key := range keys {
		if _, ok := m[key]; !ok {
			return false
		}
	}
	return true
}

// partly is Keys where m has changed since its order was noted.
func (o *Orders) partly(m map[string]any, known []string) (keys []string) {
	of := make(map[string]bool, len(known))
	for _, key := range known {
		if _, ok := m[key]; ok {
			keys = append(keys, key)
		}
		of[key] = true
	}
	n := len(keys)
	for key := range m {
		if !of[key] {
			keys = append(keys, key)
		}
	}
	slices.Sort(keys[n:])
	return keys
}

// CutShort reports whether Append has left something out since it was asked last.
func (o *Orders) CutShort() bool {
	short := o.cutShort
	o.cutShort = false
	return short
}

// Len is how many objects it knows that are still there.
func (o *Orders) Len() int {
	o.sweep()
	return len(o.young) + len(o.old)
}

func (o *Orders) sweep() {
	for at, a := range o.old {
		if a.object.Value() == nil {
			delete(o.old, at)
		}
	}
}
