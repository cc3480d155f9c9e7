package print

import (
	"baleen/source/record"
	"strings"
)

func tsv() Output {
	return Output{Name: "tsv", Usage: "tabs between values, escaped as jq's @tsv does, with a header", Rows: true, New: func(p Page, f record.Flags) (encoder, error) {
		escapes := strings.NewReplacer("\\", `\\`, "\t", `\t`, "\n", `\n`, "\r", `\r`, "\x00", `\0`)
		return separated(p, func(dst []byte, cells []string) []byte {
			for i, c := range cells {
				if i > 0 {
					dst = append(dst, '\t')
				}
				dst = append(dst, escapes.Replace(c)...)
			}
			return append(dst, '\n')
		}), nil
	}}
}
