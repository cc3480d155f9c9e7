package text

import (
	"bytes"
	"encoding/json"
	"reflect"
	"strconv"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/itchyny/gojq"
)

// image is a record of 640 bytes as an Engine lists it.
func image(i int) string {
	n := strconv.Itoa(i)
	id := strings.Repeat("0123456789abcdef", 4)
	s := `{"Containers":-1,"Created":` + strconv.Itoa(1700000000+i) +
		`,"Id":"sha256:` + id + `","Labels":{"maintainer":"team-` + n + `@example.com","org.opencontainers.image.source":"https://example.com/team/app-` + n +
		`","org.opencontainers.image.version":"1.2.` + n + `"},"ParentId":"","RepoDigests":["registry.example.com/team/app-` + n + `@sha256:` + id +
		`"],"RepoTags":["registry.example.com/team/app-` + n + `:1.2.` + n + `","registry.example.com/team/app-` + n +
		`:latest"],"SharedSize":-1,"Size":` + strconv.Itoa(i%1000*1000000+i) + `,"Descriptor":{"size":12345}}`
	return s
}

// plain is the value as encoding/json with UseNumber gives it.
func plain(v any) any {
	switch v := v.(type) {
	case int:
		return json.Number(strconv.Itoa(v))
	case []any:
		for i := range v {
			v[i] = plain(v[i])
		}
	case map[string]any:
		for k := range v {
			v[k] = plain(v[k])
		}
	}
	return v
}

func FuzzDecode(f *testing.F) {
	for _, s := range []string{
		image(1), `null`, `true`, `false`, `0`, `-0`, `-1`, `999999999999999`, `1000000000000000`, `-999999999999999`, `18446744073709551615`,
		`1.10`, `1e1000`, `-1E-7`, `""`, `"a\"b\\c\/d\b\f\n\r\t"`, `"\u00e9\u20ac\ud83d\ude00\ud800\ud800\udc00x\udc00\ud800\n"`, `"\u00Ff"`,
		`[]`, `{}`, `[[],{},[{}],1,"a"]`, `{"":{"":[]},"a":1,"a":2}`, `[1,2.0,[3,[4]],"x"]`,
	} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		var b bytes.Buffer
		if !utf8.Valid(data) || json.Compact(&b, data) != nil {
			t.Skip()
		}
		dec := json.NewDecoder(bytes.NewReader(b.Bytes()))
		dec.UseNumber()
		var want any
		if err := dec.Decode(&want); err != nil {
			t.Skip()
		}
		if got := plain(new(Decoder).Decode(b.String())); !reflect.DeepEqual(got, want) {
			t.Errorf("decode(%s) = %#v, want %#v", b.Bytes(), got, want)
		}
	})
}

func TestDecodeDeep(t *testing.T) {
	s := strings.Repeat(`[{"a":`, 5000) + "1" + strings.Repeat("}]", 5000)
	if got := string(Append(nil, new(Decoder).Decode(s))); got != s {
		t.Error("a value 10,000 levels deep did not survive")
	}
}

func BenchmarkDecode(b *testing.B) {
	s := image(1)
	b.Run("by hand", func(b *testing.B) {
		b.SetBytes(int64(len(s)))
		b.ReportAllocs()
		var d Decoder
		for b.Loop() {
			d.Decode(s)
		}
	})
	b.Run("pruned", func(b *testing.B) {
		q, err := gojq.Parse("select(.Size > 5) | .Id")
		if err != nil {
			b.Fatal(err)
		}
		need := Needs(Options{}, nil, q)
		b.SetBytes(int64(len(s)))
		b.ReportAllocs()
		var d Decoder
		var buf, text []byte
		for raw := []byte(s); b.Loop(); {
			buf, text = need.Prune(buf, raw)
			d.Decode(string(text))
		}
	})
	b.Run("encoding json", func(b *testing.B) {
		b.SetBytes(int64(len(s)))
		b.ReportAllocs()
		for b.Loop() {
			dec := json.NewDecoder(strings.NewReader(s))
			dec.UseNumber()
			var v any
			_ = dec.Decode(&v)
		}
	})
}
