package query

import (
	"baleen/source/record"
	"encoding/json"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/distribution/reference"
	"github.com/docker/go-units"
)

func name(v any, _ []any) any {
	m, _ := v.(map[string]any)
	is, _ := record.IdentifyValue(m)
	switch {
	case is.Name != "":
		return is.Name
	case m["Actor"] != nil && is.ID != "":
		return is.ID // an event about what has no name
	}
	return nil
}

func shortID(v any, _ []any) any {
	m, _ := v.(map[string]any)
	actor, _ := m["Actor"].(map[string]any)
	for _, v := range []any{m["Id"], m["ID"], m["id"], actor["ID"]} {
		if id, ok := v.(string); ok {
			id := []rune(strings.TrimPrefix(id, "sha256:"))
			return string(id[:min(12, len(id))])
		}
	}
	return nil
}

func repo(v any, _ []any) any {
	named, err := namedBy("repo", v)
	if named == nil {
		return err
	}
	return reference.FamiliarName(named)
}

func tag(v any, _ []any) any {
	named, err := namedBy("tag", v)
	if named == nil {
		return err
	}
	if tagged, ok := named.(reference.Tagged); ok {
		return tagged.Tag()
	}
	if _, ok := named.(reference.Digested); ok {
		return nil
	}
	text, _ := v.(string)
	if strings.HasSuffix(text, ":<none>") || strings.HasSuffix(text, "@<none>") {
		return nil
	}
	return "latest"
}

// namedBy reads a reference, or the first one of a record. Where there is none
// it gives nil and what to say of it: nil or an error.
func namedBy(function string, v any) (named reference.Named, say any) {
	text, ok := v.(string)
	if m, isRecord := v.(map[string]any); isRecord {
		text, ok = firstReference(m)
		if !ok {
			return nil, nil
		}
	}
	switch {
	case v == nil:
		return nil, nil
	case !ok:
		return nil, cannot(function, "find a reference in", v)
	}
	text = strings.TrimSuffix(strings.TrimSuffix(text, ":<none>"), "@<none>")
	if text == "" || text == "<none>" || isID(text) {
		return nil, nil
	}
	named, err := reference.ParseNormalizedNamed(text)
	if err != nil {
		return nil, cannot(function, "read the reference", text)
	}
	return named, nil
}

func firstReference(m map[string]any) (text string, ok bool) {
	if _, image := m["RepoTags"]; image {
		var refs []string
		for _, key := range []string{"RepoTags", "RepoDigests"} {
			list, _ := m[key].([]any)
			for _, v := range list {
				if text, _ := v.(string); text != "" && !strings.HasPrefix(text, "<none>") {
					refs = append(refs, text)
				}
			}
		}
		if tags := record.Tags(refs); len(tags) > 0 {
			return slices.Min(tags), true // Engines list them in different orders
		}
		if len(refs) > 0 {
			return slices.Min(refs), true
		}
		return "", false
	}
	if config, _ := m["Config"].(map[string]any); config != nil { // of inspect
		text, ok = config["Image"].(string)
		return text, ok
	}
	text, ok = m["Image"].(string)
	return text, ok
}

// isID reports whether a text that may be a reference is the id of an image.
func isID(text string) bool {
	text = strings.TrimPrefix(text, "sha256:")
	return len(text) == 64 && strings.Trim(text, "0123456789abcdef") == ""
}

// quantity cuts a decimal number, such as "1.5", from the beginning of text.
func quantity(text string) (n float64, rest string, ok bool) {
	end := strings.IndexFunc(text, func(r rune) bool { return r != '.' && (r < '0' || r > '9') })
	if end < 0 {
		end = len(text)
	}
	digits := text[:end]
	if digits == "" || digits[0] == '.' || digits[end-1] == '.' {
		return 0, text, false
	}
	n, err := strconv.ParseFloat(digits, 64)
	return n, text[end:], err == nil
}

func duration(_ any, args []any) any {
	text, ok := args[0].(string)
	span, err := record.ParseDuration(text)
	if !ok || err != nil || span < 0 {
		return cannot("duration", "read", args[0])
	}
	return value(span.Seconds())
}

// timeOf reads a time that an Engine wrote, zero where it wrote that there is none.
func timeOf(v any) (t time.Time, ok bool) {
	if text, isText := v.(string); isText {
		return record.ParseTime(text)
	}
	if n, isNumber := number(v); isNumber && math.Abs(n) < 1<<63 {
		return record.UnixTime(nanoseconds(v))
	}
	return t, false
}

func never(v any, _ []any) any {
	t, ok := timeOf(v)
	return ok && t.IsZero()
}

func timestamp(v any, _ []any) any {
	t, ok := timeOf(v)
	switch n, isNumber := number(v); {
	case !ok:
		return cannot("timestamp", "read the time", v)
	case t.IsZero():
		return cannot("timestamp", "compare with never, which is", v)
	case isNumber && math.Abs(n) < 1e11: // seconds, with a fraction or not
		return v
	}
	return seconds(t)
}

func seconds(t time.Time) any {
	if t.Nanosecond() == 0 {
		return int(t.Unix())
	}
	return float64(t.Unix()) + float64(t.Nanosecond())/1e9
}

// nanoseconds is a number that may be too large for a float64 to tell them apart.
func nanoseconds(v any) int64 {
	switch v := v.(type) {
	case int:
		return int64(v)
	case json.Number:
		if n, err := v.Int64(); err == nil {
			return n
		}
	}
	n, _ := number(v)
	return int64(n)
}

func byteCount(_ any, args []any) any {
	if n, ok := number(args[0]); ok {
		return value(n)
	}
	text, _ := args[0].(string)
	n, unit, ok := quantity(text)
	unit = strings.ToLower(strings.TrimPrefix(unit, " "))
	prefix, isBytes := strings.CutSuffix(unit, "b")
	prefix, binary := strings.CutSuffix(prefix, "i")
	power := strings.Index("kmgtpe", prefix) + 1
	if prefix == "" {
		power = 0
	}
	if !ok || len(prefix) > 1 || power == 0 && prefix != "" || binary && power == 0 || unit != "" && !isBytes {
		return cannot("bytes", "read", args[0])
	}
	base := 1000.0
	if binary {
		base = 1024
	}
	return value(math.Round(n * math.Pow(base, float64(power))))
}

func humanSize(v any, _ []any) any {
	n, ok := number(v)
	if !ok {
		return cannot("human_size", "take for bytes", v)
	}
	return units.HumanSizeWithPrecision(n, 3)
}

// humanMemory is bytes in powers of 1024, as docker stats shows them.
func humanMemory(v any, _ []any) any {
	n, ok := number(v)
	if !ok {
		return cannot("human_memory", "take for bytes", v)
	}
	return units.BytesSize(n)
}

func humanDuration(v any, _ []any) any {
	n, ok := number(v)
	if !ok {
		return cannot("human_duration", "take for seconds", v)
	}
	const most = 9e9 // more does not go into a time.Duration
	return units.HumanDuration(time.Duration(max(-most, min(n, most)) * 1e9))
}
