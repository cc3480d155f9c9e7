package print

import (
	"baleen/sink"
	"baleen/source/record"
	"bytes"
	encoding "encoding/csv"
	"encoding/json"
	"slices"
)

func csv() Output {
	return Output{Name: "csv", Usage: "RFC 4180 with a header", Rows: true, New: func(p Page, f record.Flags) (encoder, error) {
		var b bytes.Buffer
		w := encoding.NewWriter(&b)
		return separated(p, func(dst []byte, cells []string) []byte {
			if len(cells) == 1 && cells[0] == "" { // many readers skip a blank line
				return append(dst, "\"\"\n"...)
			}
			b.Reset()
			w.Write(cells) // to memory: cannot fail
			w.Flush()
			return append(dst, b.Bytes()...)
		}), nil
	}}
}

// separated makes a line of each row, under a header if rows have columns.
func separated(p Page, line func(dst []byte, cells []string) []byte) encoder {
	g := newGrid(p)
	put := func(dst []byte, cells []string) []byte {
		if p.Size != nil {
			cells = slices.Clone(cells)
			for i, c := range cells {
				cells[i] = sink.Visible(c, "\n\t")
			}
		}
		return line(dst, cells)
	}
	head := func(dst []byte) []byte {
		if len(g.columns) == 0 || p.Headless {
			return dst
		}
		return put(dst, g.columns)
	}
	return encoder{
		add: func(dst []byte, result json.RawMessage) ([]byte, error) {
			first := !g.begun
			var cells []string
			for _, v := range g.row(result) {
				cells = append(cells, record.Text(v))
			}
			if first {
				dst = head(dst)
			}
			return put(dst, cells), nil
		},
		end: func(dst []byte) []byte {
			if g.begun {
				return dst
			}
			return head(dst)
		},
	}
}
