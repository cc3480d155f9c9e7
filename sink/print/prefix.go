package print

import (
	"encoding/json"
	"fmt"
	"hash/fnv"

	"baleen/sink"
	"baleen/source/record"
)

// prefixed prints log records as text: each line behind the name of its container,
// which on a terminal has a colour of its own.
func prefixed() Output {
	return Output{Name: "prefix", New: func(p Page, f record.Flags) (encoder, error) {
		for _, name := range []string{"output", "table", "columns", "raw-output", "join-output", "raw-output0"} {
			if f.IsSet(name) {
				return encoder{}, &record.UsageError{Message: "--prefix prints text; it does not go with --" + name}
			}
		}
		colours := colored(p.Size != nil, f)
		return encoder{add: func(dst []byte, result json.RawMessage) ([]byte, error) {
			name, line := record.Member(result, "container"), record.Member(result, "line")
			if name == nil || line == nil {
				return dst, &record.UsageError{Message: fmt.Sprintf("--prefix takes records of logs, not %.40s", result)}
			}
			container := sink.Visible(record.Text(name), "")
			if colours {
				container = fmt.Sprintf("\x1b[%dm%s\x1b[0m", colourOf(container), container)
			}
			text := record.Text(line)
			if p.Size != nil {
				text = sink.Visible(text, "\t")
			}
			return append(dst, container+" "+text+"\n"...), nil
		}}, nil
	}}
}

// colourOf is a colour of the terminal's, the same for the same name.
func colourOf(name string) int {
	colours := []int{36, 32, 33, 35, 34, 31, 96, 92, 93, 95, 94, 91}
	h := fnv.New32a()
	h.Write([]byte(name))
	return colours[h.Sum32()%uint32(len(colours))]
}
