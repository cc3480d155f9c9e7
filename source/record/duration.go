package record

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"
)

// ParseDuration is time.ParseDuration with days (d) and weeks (w) as well.
func ParseDuration(text string) (time.Duration, error) {
	var total time.Duration
	isUnit := func(r rune) bool { return (r < '0' || r > '9') && r != '.' }
	rest, negative := strings.CutPrefix(text, "-")
	for rest != "" {
		i := max(0, strings.IndexFunc(rest, isUnit))
		j := i + strings.IndexFunc(rest[i:]+"0", func(r rune) bool { return !isUnit(r) })
		number, unit := rest[:i], rest[i:j]
		days := map[string]float64{"d": 1, "w": 7}[unit]
		part, err := time.ParseDuration(number + unit)
		if days > 0 {
			var n float64
			n, err = strconv.ParseFloat(number, 64)
			n *= days * float64(24*time.Hour)
			if part = time.Duration(n); n >= math.MaxInt64 {
				err = strconv.ErrRange
			}
		}
		if err != nil || part > math.MaxInt64-total {
			return 0, fmt.Errorf("not a duration: %q", text)
		}
		total += part
		rest = rest[j:]
	}
	if text == "" || text == "-" {
		return 0, fmt.Errorf("not a duration: %q", text)
	}
	if negative {
		total = -total
	}
	return total, nil
}

// FlagDuration is the duration that a flag is set to, 0 if it is not.
func FlagDuration(f Flags, name string) (time.Duration, error) {
	if !f.IsSet(name) {
		return 0, nil
	}
	d, err := ParseDuration(f.String(name))
	if err != nil || d <= 0 {
		return 0, &UsageError{fmt.Sprintf("--%s takes a duration such as 90s, 1h or 7d, not %q", name, f.String(name))}
	}
	return d, nil
}
