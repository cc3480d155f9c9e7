package record

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"testing/iotest"
	"unicode/utf8"

	"github.com/go-json-experiment/json/jsontext"
)

// scanAll collects what next gives until its first error, nil for io.EOF.
func scanAll(next func() ([]byte, error)) (values []string, err error) {
	for {
		v, err := next()
		if err == io.EOF {
			return values, nil
		}
		if err != nil {
			if _, again := next(); again != err {
				return values, fmt.Errorf("first %w, then %w", err, again)
			}
			return values, err
		}
		values = append(values, string(v))
		_ = append(v, "what the caller appends must not harm what follows"...)
	}
}

func scanStream(r io.Reader) ([]string, error) {
	return scanAll(NewScanner(r).Value)
}

func scanArray(r io.Reader) ([]string, error) {
	s := NewScanner(r)
	if s.openArray() != nil {
		_, err := s.element() // repeats the error
		return nil, err
	}
	values, err := scanAll(s.element)
	if err == nil {
		err = s.end()
	}
	return values, err
}

func scanMember(r io.Reader) ([]string, error) {
	s := NewScanner(r)
	if found, err := s.openMember("Volumes"); !found || err != nil {
		return nil, s.end()
	}
	_ = s.openArray()
	values, err := scanAll(s.element)
	if err == nil {
		_ = s.closeObject() // end repeats its error
		err = s.end()
	}
	return values, err
}

type scanTest struct {
	in   string
	want []string // the values before the end or the error
	err  string
}

const none = "<nil>"

func testScan(t *testing.T, scan func(io.Reader) ([]string, error), tests []scanTest) {
	t.Helper()
	for _, tt := range tests {
		got, err := scan(strings.NewReader(tt.in))
		if !slices.Equal(got, tt.want) || fmt.Sprint(err) != tt.err {
			t.Errorf("%q: got %q, %q; want %q, %q", tt.in, got, fmt.Sprint(err), tt.want, tt.err)
		}
		var syntax *SyntaxError
		if err != nil && errors.As(err, &syntax) == errors.Is(err, io.ErrUnexpectedEOF) {
			t.Errorf("%q: an error of type %T", tt.in, err)
		}
	}
}

// pieces is a reader that gives one of its strings a time.
type pieces struct {
	rest  []string
	reads int
}

func (p *pieces) Read(b []byte) (int, error) {
	p.reads++
	if len(p.rest) == 0 {
		return 0, io.EOF
	}
	n := copy(b, p.rest[0])
	if p.rest[0] = p.rest[0][n:]; p.rest[0] == "" {
		p.rest = p.rest[1:]
	}
	return n, nil
}

func TestScannerSpelling(t *testing.T) {
	for _, tt := range []struct{ in, want string }{
		{" [ ] ", `[]`},
		{"\r\n\t {\n \"a\" : [ 1 , true ,\tnull,{ } , [ ] ] ,\"b\":\r{\"c\":false}}\n", `{"a":[1,true,null,{},[]],"b":{"c":false}}`},
		{`{"b":1,"a":2,"b":3}`, `{"b":1,"a":2,"b":3}`},
		{`[18446744073709551615,1.10,-0,1E+2,0e-0,-12.50e007]`, `[18446744073709551615,1.10,-0,1E+2,0e-0,-12.50e007]`},
		{`"  keep  this\u0020one  "`, `"  keep  this one  "`},
		{`"\u003cnone\u003e:\u003cnone\u003e \u0026"`, `"<none>:<none> &"`},
		{`{"\u0041":"\u003C"}`, `{"A":"<"}`},
		{`"\/\"\\\b\f\n\r\t"`, `"/\"\\\b\f\n\r\t"`},
		{`"\u002f\u0022\u005C\u0008\u000c\u000A\u000d\u0009"`, `"/\"\\\b\f\n\r\t"`},
		{`"\u0000\u000B\u001b\u001F\u007f"`, `"\u0000\u000b\u001b\u001f` + "\x7f\""},
		{`"\u00e9\u2028\u2029\uFFFD\uffff"`, "\"é\u2028\u2029\uFFFD\uffff\""},
		{"\"\x7fé€\U0001F40B\u2028\"", "\"\x7fé€\U0001F40B\u2028\""},
		{`"\ud83d\udc0b\uD83D\uDC0B"`, `"🐋🐋"`},
		{`"\ud83d"`, `"�"`},
		{`"\udc0b\ud83d"`, `"��"`},
		{`"\ud83dx\ud83d\n\ud83d\u0041"`, `"�x�\n�A"`},
		{`"\ud83d\ud83d\udc0b"`, `"�🐋"`},
		{"\"a\xffb\xc3\"", `"a�b�"`},
		{"\"\xe2\x82\"", `"��"`},
		{"\"\xed\xa0\xbd\xc0\x80\"", `"�����"`},
		{"\"\xf0\x9f\x90\x8b\xf0\x9f\x90\"", `"🐋���"`},
	} {
		got, err := scanStream(strings.NewReader(tt.in))
		if err != nil || len(got) != 1 || got[0] != tt.want {
			t.Errorf("%q: got %q, %v; want %q", tt.in, got, err, tt.want)
		}
	}
}

func TestScannerStream(t *testing.T) {
	testScan(t, scanStream, []scanTest{
		{"", nil, none},
		{" \n\t\r", nil, none},
		{`{"a":1}` + "\r\n" + `{"a":2}[3] 4 "5"null true false` + "\n", []string{`{"a":1}`, `{"a":2}`, `[3]`, `4`, `"5"`, `null`, `true`, `false`}, none},
		{`1 -2`, []string{`1`, `-2`}, none},
		{"\ufeff{}", nil, `invalid JSON at byte 0: unexpected "\xef"`},
		{`{"a":1}{"a":x}`, []string{`{"a":1}`}, `invalid JSON at byte 12: unexpected "x"`},
		{"1\x00", []string{`1`}, `invalid JSON at byte 1: unexpected "\x00"`},
		{`{}, {}`, []string{`{}`}, `invalid JSON at byte 2: unexpected ","`},
		{`[1,]`, nil, `invalid JSON at byte 3: unexpected "]"`},
		{`[1}`, nil, `invalid JSON at byte 2: unexpected "}"`},
		{`{"a":1]`, nil, `invalid JSON at byte 6: unexpected "]"`},
		{`{a:1}`, nil, `invalid JSON at byte 1: unexpected "a"`},
		{`<html>`, nil, `invalid JSON at byte 0: unexpected "<"`},
		{`[nul]`, nil, `invalid JSON at byte 4: unexpected "]"`},
		{`[01]`, nil, `invalid JSON at byte 2: unexpected "1"`},
		{`[1e]`, nil, `invalid JSON at byte 3: unexpected "]"`},
		{`[1e+-1]`, nil, `invalid JSON at byte 4: unexpected "-"`},
		{"\"a\nb\"", nil, `invalid JSON at byte 2: unexpected "\n"`},
		{"\"12345678\x1f\"", nil, `invalid JSON at byte 9: unexpected "\x1f"`},
		{`"\x"`, nil, `invalid JSON at byte 2: unexpected "x"`},
		{`"\u12g4"`, nil, `invalid JSON at byte 5: unexpected "g"`},
		{"\"\\u12\x104\"", nil, `invalid JSON at byte 5: unexpected "\x10"`},
		{`"\ud83d\u"`, nil, `invalid JSON at byte 9: unexpected "\""`},
		{"[\"é\",\u202e]", nil, `invalid JSON at byte 6: unexpected "\xe2"`},
		{"[\xff]", nil, `invalid JSON at byte 1: unexpected "\xff"`},
		{"{\"a\":1}\n[1", []string{`{"a":1}`}, `incomplete JSON at byte 10: unexpected EOF`},
		{`{"a"`, nil, `incomplete JSON at byte 4: unexpected EOF`},
		{`"\u12`, nil, `incomplete JSON at byte 5: unexpected EOF`},
		{`"\`, nil, `incomplete JSON at byte 2: unexpected EOF`},
		{"\"\xe2\x82", nil, `incomplete JSON at byte 3: unexpected EOF`},
		{`tru`, nil, `incomplete JSON at byte 3: unexpected EOF`},
		{`-`, nil, `incomplete JSON at byte 1: unexpected EOF`},
	})
}

func TestScannerArray(t *testing.T) {
	testScan(t, scanArray, []scanTest{
		{"[]\n", nil, none},
		{` [ 1 , "a" , [ ] , {"b": 2} ] `, []string{`1`, `"a"`, `[]`, `{"b":2}`}, none},
		{`[1,2,`, []string{`1`, `2`}, `incomplete JSON at byte 5: unexpected EOF`},
		{`[1,23`, []string{`1`}, `incomplete JSON at byte 5: unexpected EOF`},
		{`[`, nil, `incomplete JSON at byte 1: unexpected EOF`},
		{``, nil, `incomplete JSON at byte 0: unexpected EOF`},
		{`{}`, nil, `invalid JSON at byte 0: unexpected "{"`},
		{`[1,]`, []string{`1`}, `invalid JSON at byte 3: unexpected "]"`},
		{`[,1]`, nil, `invalid JSON at byte 1: unexpected ","`},
		{`[1 2]`, []string{`1`}, `invalid JSON at byte 3: unexpected "2"`},
		{`[{}}`, []string{`{}`}, `invalid JSON at byte 3: unexpected "}"`},
		{`[1]]`, []string{`1`}, `invalid JSON at byte 3: unexpected "]"`},
		{`[1] [2]`, []string{`1`}, `invalid JSON at byte 4: unexpected "["`},
	})
}

func TestScannerMember(t *testing.T) {
	testScan(t, scanMember, []scanTest{
		{`{"Volumes":[1],"Warnings":null}`, []string{`1`}, none},
		{`{"a":[0],"Volumes":[{"b":1}, 2] , "Warnings":[]}`, []string{`{"b":1}`, `2`}, none},
		{` { "a" : {"Volumes":0} , "\u0056olumes" : [ ] } `, nil, none},
		{`{"Volumes":[1],"Volumes":2}`, []string{`1`}, none},
		{`{"Volumes":["a\/b"],"":[ 1, {} ]}`, []string{`"a/b"`}, none},
		{`{}`, nil, none},
		{`{"volumes":1,"":2}`, nil, none},
		{`{"a":1}x`, nil, `invalid JSON at byte 7: unexpected "x"`},
		{`[]`, nil, `invalid JSON at byte 0: unexpected "["`},
		{`{"a":x,"Volumes":[]}`, nil, `invalid JSON at byte 5: unexpected "x"`},
		{`{1:1}`, nil, `invalid JSON at byte 1: unexpected "1"`},
		{`{"a" 1}`, nil, `invalid JSON at byte 5: unexpected "1"`},
		{`{"Volumes":[1],"a":"\x"}`, []string{`1`}, `invalid JSON at byte 21: unexpected "x"`},
		{`{"Volumes":[1] "a":2}`, []string{`1`}, `invalid JSON at byte 15: unexpected "\""`},
		{`{"Volumes":[1`, nil, `incomplete JSON at byte 13: unexpected EOF`},
		{`{"Volumes":[1]`, []string{`1`}, `incomplete JSON at byte 14: unexpected EOF`},
		{`{"Volumes":[`, nil, `incomplete JSON at byte 12: unexpected EOF`},
		{`{"Volumes":{}}`, nil, `invalid JSON at byte 11: unexpected "{"`},
	})
}

// A value is delivered once its last byte is there, and nothing is read before
// the next one is asked for.
func TestScannerReadsOnlyWhenItMust(t *testing.T) {
	in := &pieces{rest: []string{`{"a":1}`, "\n" + `{"a":2}{"a":3} "\ud83d"`, `[`, `]true`}}
	s := NewScanner(in)
	for i, reads := range []int{1, 2, 2, 2, 4, 4} {
		if v, err := s.Value(); err != nil || in.reads != reads {
			t.Errorf("value %d is %q, %v after %d reads, want %d", i, v, err, in.reads, reads)
		}
	}
	in = &pieces{rest: []string{`[{"a":1}`, `,2`, `3,`, `4 `, `]`}}
	s = NewScanner(in)
	if err := s.openArray(); err != nil {
		t.Fatal(err)
	}
	for i, reads := range []int{1, 3, 4} {
		if v, err := s.element(); err != nil || in.reads != reads {
			t.Errorf("element %d is %q, %v after %d reads, want %d", i, v, err, in.reads, reads)
		}
	}
}

func TestScannerReadErrors(t *testing.T) {
	cut := errors.New("cut")
	for _, in := range []string{`{"a":1} 12`, `{"a":1}`, `{"a":1} {"b"`, `{"a":1} "\u00`} {
		got, err := scanStream(io.MultiReader(strings.NewReader(in), iotest.ErrReader(cut)))
		if !errors.Is(err, cut) || !slices.Equal(got, []string{`{"a":1}`}) {
			t.Errorf("%q: got %q, %v", in, got, err)
		}
	}
	got, err := scanStream(iotest.DataErrReader(strings.NewReader(`{"a":1} 12`)))
	if err != nil || !slices.Equal(got, []string{`{"a":1}`, `12`}) {
		t.Errorf("data with io.EOF: got %q, %v", got, err)
	}
	got, err = scanStream(&pieces{rest: []string{"", `{"a`, "", "", `":1`, "", "}", ""}})
	if err != nil || !slices.Equal(got, []string{`{"a":1}`}) {
		t.Errorf("empty reads: got %q, %v", got, err)
	}
	if _, err = scanStream(&pieces{rest: make([]string, 1000)}); !errors.Is(err, io.ErrNoProgress) {
		t.Errorf("nothing but empty reads: %v", err)
	}
}

func TestScannerLimits(t *testing.T) {
	nest := func(depth int) string {
		return strings.Repeat(`{"a":[`, depth/2) + strings.Repeat(`]}`, depth/2)
	}
	deep, tooDeep := nest(maxDepth), nest(maxDepth+2)
	if got, err := scanStream(strings.NewReader(deep)); err != nil || !slices.Equal(got, []string{deep}) {
		t.Errorf("%d levels: %d values, %v", maxDepth, len(got), err)
	}
	if got, err := scanArray(strings.NewReader("[" + deep + "]")); err != nil || !slices.Equal(got, []string{deep}) {
		t.Errorf("an element of %d levels: %d values, %v", maxDepth, len(got), err)
	}
	_, err := scanStream(strings.NewReader(tooDeep))
	if want := "invalid JSON at byte 30000: nested too deeply"; fmt.Sprint(err) != want {
		t.Errorf("got %q, want %q", fmt.Sprint(err), want)
	}

	giant := `{"a":"` + strings.Repeat(`0123456789`, 5<<20) + `"}`
	s := NewScanner(strings.NewReader(giant + "[ ]"))
	if got, err := s.Value(); err != nil || string(got) != giant {
		t.Errorf("a giant: %d bytes, %v", len(got), err)
	}
	if got, err := s.Value(); err != nil || string(got) != "[]" || cap(s.out) > KeptOutput {
		t.Errorf("after a giant: %q, %v, holding %d bytes", got, err, cap(s.out))
	}
}

// The same bytes give the same values and the same error however they come in.
func TestScannerPieces(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	word := strings.Repeat(`a \" \u003c\/ é🐋 \ud83d\udc0b \ud83d `+"\xff\xe2\x82 ", 300)
	for _, tail := range []string{"", "}", `{"a":1`, `{"a":tru`, `"\ud83d\u12`, `[1,]`} {
		in := fmt.Sprintf(`{"a": [-12.5e+3, true, "%s"], "é": null} "%s" [ {} ] 17 %s`, word[:100], word, tail)
		want, wantErr := scanStream(strings.NewReader(in))
		for i := range 100 {
			p := &pieces{}
			for rest := in; rest != ""; {
				n := min(len(rest), random.IntN(1<<(i%14))+1)
				p.rest, rest = append(p.rest, rest[:n]), rest[n:]
			}
			if got, err := scanStream(p); !slices.Equal(got, want) || fmt.Sprint(err) != fmt.Sprint(wantErr) {
				t.Fatalf("%q: %v, want %v", tail, err, wantErr)
			}
		}
	}
}

func TestScannerMemory(t *testing.T) {
	record := `{"Id":"\u003c", "Labels":{"a":[1,2,"é"]}},`
	s := NewScanner(strings.NewReader("[" + strings.Repeat(record, 100_000) + "0]"))
	if err := s.openArray(); err != nil {
		t.Fatal(err)
	}
	next := func() {
		if _, err := s.element(); err != nil {
			t.Fatal(err)
		}
	}
	for range 10_000 { // let the buffers find their sizes
		next()
	}
	if n := testing.AllocsPerRun(50_000, next); n != 0 {
		t.Errorf("%v allocations a record", n)
	}

	skipped := strings.Repeat(record, 100_000)
	s = NewScanner(strings.NewReader(`{"Volumes":[],"Images":[` + skipped + `0]}`))
	if found, err := s.openMember("Volumes"); !found || err != nil {
		t.Fatal(found, err)
	}
	if _, err := s.Value(); err != nil {
		t.Fatal(err)
	}
	if err := s.closeObject(); err != nil {
		t.Fatal(err)
	}
	if cap(s.out) > Chunk || len(s.buf) > 2*Chunk {
		t.Errorf("skipping %d bytes took %d", len(skipped), cap(s.out)+len(s.buf))
	}
}

// jsontext is the oracle: a stream of values, shortest escapes, any names.
func oracle(in []byte) (values []string, err error) {
	opts := []jsontext.Options{jsontext.AllowDuplicateNames(true), jsontext.AllowInvalidUTF8(true)}
	dec := jsontext.NewDecoder(bytes.NewReader(in), opts...)
	return scanAll(func() ([]byte, error) {
		v, err := dec.ReadValue()
		if err == nil {
			err = v.Format(opts...)
		}
		return v, err
	})
}

func FuzzScanner(f *testing.F) {
	for _, in := range []string{
		`{"a":[1,-2.5e+3,true,null,"\u003c\/\ud83d\udc0b é"]} [] 1 "x"`,
		"[\n  {\"a\": {}},\t\"\\u0000\\ud83d\\ud83d\xff\xe2\x82\"]",
		`{"a":1,"a":1}x`, `01`, `1-2`, `truefalse`, `[1,]`, "\"\x1f\"", `"\u12g4"`,
	} {
		f.Add([]byte(in))
	}
	f.Fuzz(func(t *testing.T, in []byte) {
		got, err := scanStream(bytes.NewReader(in))
		want, wantErr := oracle(in)
		if !slices.Equal(got, want) || (err == nil) != (wantErr == nil) {
			t.Fatalf("got %q, %v; jsontext %q, %v", got, err, want, wantErr)
		}
		slow, slowErr := scanStream(iotest.OneByteReader(bytes.NewReader(in)))
		if !slices.Equal(slow, got) || fmt.Sprint(slowErr) != fmt.Sprint(err) {
			t.Fatalf("one byte a time %q, %v; else %q, %v", slow, slowErr, got, err)
		}
		all := "[" + strings.Join(got, ",") + "]"
		if again, err := scanStream(strings.NewReader(all)); err != nil || again[0] != all {
			t.Fatalf("%q scans to %q, %v", all, again, err)
		}
		if again, err := scanArray(strings.NewReader(all)); err != nil || !slices.Equal(again, got) {
			t.Fatalf("%q splits to %q, %v", all, again, err)
		}
		if !json.Valid([]byte(all)) || !utf8.ValidString(all) {
			t.Fatalf("%q is not JSON in UTF-8", all)
		}
	})
}

func BenchmarkScanner(b *testing.B) {
	object := func(n, i int, member string) string {
		var members []string
		for k := range n {
			members = append(members, fmt.Sprintf(member, k, i*k*1000003))
		}
		return "{" + strings.Join(members, ",") + "}"
	}
	const label = `"com.example.label.%d":"a value such as %d"`
	image := func(i int) string {
		tag := fmt.Sprintf("registry.example.com/team/service-%d:1.%d", i%300, i%9)
		if i%5 == 0 {
			tag = `\u003cnone\u003e:\u003cnone\u003e`
		}
		return fmt.Sprintf(`{"Containers":-1,"Created":%d,"Id":"sha256:%064x","Labels":%s,"ParentId":"sha256:%064[2]x","RepoDigests":["registry.example.com/team/service@sha256:%064[2]x"],"RepoTags":["%[4]s"],"SharedSize":-1,"Size":%[1]d,"VirtualSize":%[1]d}`,
			1700000000+i*7, i, object(6, i, label), tag)
	}
	container := func(i int) string {
		return fmt.Sprintf(`{"Id":"%064x","Names":["/web-%[1]d"],"Image":"web:1","ImageID":"sha256:%064[1]x","Command":"/bin/sh -c 'web \u003e/dev/null'","Created":%[2]d,"Ports":[{"IP":"0.0.0.0","PrivatePort":80,"PublicPort":8080,"Type":"tcp"}],"Labels":%[3]s,"State":"running","Status":"Up 3 minutes","HostConfig":{"NetworkMode":"none"},"NetworkSettings":{"Networks":{"bridge":{"IPAMConfig":null,"Links":null,"Aliases":null,"NetworkID":"%064[1]x","EndpointID":"%064[1]x","Gateway":"172.17.0.1","IPAddress":"172.17.0.2","IPPrefixLen":16,"IPv6Gateway":"","GlobalIPv6Address":"","GlobalIPv6PrefixLen":0,"MacAddress":"02:42:ac:11:00:02","DriverOpts":null}}},"Mounts":[]}`,
			i, 1700000000+i, object(22, i, label))
	}
	stats := func(i int) string {
		return fmt.Sprintf(`{"read":"2026-01-02T15:04:05.%09dZ","cpu_stats":%s,"precpu_stats":%[2]s,"memory_stats":{"usage":%[1]d,"stats":%[3]s},"name":"/w1","id":"%064[1]x"}`,
			i, object(30, i, `"counter_%d":%d`), object(50, i, `"total_counter_%d":%d`))
	}
	escaped := func(i int) string {
		return fmt.Sprintf(`{"stream":"\u001b[32m\u003c%d\u003e\u001b[0m \u0026 \"x\"\n\u00e9 é 🐋\ud83d\udc0b"}`, i)
	}
	for _, bb := range []struct {
		name    string
		records int
		record  func(int) string
	}{
		{"images", 100_000, image},
		{"containers", 100_000, container},
		{"indented", 20_000, container},
		{"escaped", 100_000, escaped},
		{"stats", 20_000, stats},
	} {
		b.Run(bb.name, func(b *testing.B) {
			body := jsontext.Value("[")
			for i := range bb.records {
				body = append(append(body, bb.record(i)...), ',')
			}
			body[len(body)-1] = ']'
			if bb.name == "indented" {
				if err := body.Indent(); err != nil {
					b.Fatal(err)
				}
			}
			b.SetBytes(int64(len(body)))
			b.ReportAllocs()
			for b.Loop() {
				s := NewScanner(bytes.NewReader(body))
				err := s.openArray()
				for err == nil {
					_, err = s.element()
				}
				if err != io.EOF {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(len(body)/bb.records), "B/record")
		})
	}
}
