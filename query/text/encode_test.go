package text

import (
	"bytes"
	"math"
	"math/big"
	"testing"

	"github.com/itchyny/gojq"
)

func TestEncode(t *testing.T) {
	many := map[string]any{}
	for c := range 50 {
		many[string(rune('a'+c*7))] = c
	}
	for _, v := range []any{
		nil, true, false, -1, math.MaxInt, 1.5, 1e300, math.NaN(), math.Inf(1), new(big.Int).Lsh(big.NewInt(1), 100),
		"", "plain", "\"\\/\b\f\n\r\t\x00\x7f", "é€😀", "\xff", []any{}, map[string]any{}, many,
		[]any{1, "a", []any{map[string]any{"b": nil, "a\n": []any{true}}}},
	} {
		want, _ := gojq.Marshal(v)
		if got := Append(nil, v); !bytes.Equal(got, want) {
			t.Errorf("got %s, want %s", got, want)
		}
	}
}

func BenchmarkEncode(b *testing.B) {
	v := new(Decoder).Decode(`{"Id":"sha256:0123456789abcdef0123456789abcdef","RepoTags":["a:b","c:d"],"Size":12345}`)
	b.Run("own", func(b *testing.B) {
		b.ReportAllocs()
		var buf []byte
		for b.Loop() {
			buf = Append(buf[:0], v)
		}
	})
	b.Run("gojq", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			_, _ = gojq.Marshal(v)
		}
	})
}
