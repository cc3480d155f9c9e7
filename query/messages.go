package query

import (
	"regexp"
	"strings"
)

// A wording is how jq says what gojq says in its own way.
type wording struct{ gojq, jq string }

// wordings are those that filters compare, or print, in catch. V in a pattern is a
// value as messages have it: number (1), or null.
func wordings() []wording {
	return []wording{
		{`cannot iterate over: null`, `Cannot iterate over null (null)`},
		{`cannot iterate over: V`, `Cannot iterate over $1`},
		{`cannot add: V and V`, `$1 and $2 cannot be added`},
		{`cannot subtract: V and V`, `$1 and $2 cannot be subtracted`},
		{`cannot multiply: V and V`, `$1 and $2 cannot be multiplied`},
		{`cannot divide: V and V`, `$1 and $2 cannot be divided`},
		{`cannot divide V by: V`, `$1 and $2 cannot be divided because the divisor is zero`},
		{`cannot modulo: V and V`, `$1 and $2 cannot be divided (remainder)`},
		{`cannot modulo V by: V`, `$1 and $2 cannot be divided (remainder) because the divisor is zero`},
		{`cannot negate: V`, `$1 cannot be negated`},
		{`(?:tonumber|toboolean) cannot be applied to: null`, `null (null) cannot be parsed as a boolean`},
		{`tonumber cannot be applied to: V`, `$1 cannot be parsed as a number`},
		{`toboolean cannot be applied to: V`, `$1 cannot be parsed as a boolean`},
		{`tonumber cannot be applied to (".*"): invalid number`, `string ($1) cannot be parsed as a number`},
		{`toboolean cannot be applied to (".*"): invalid boolean`, `string ($1) cannot be parsed as a boolean`},
		{`utf8bytelength cannot be applied to: V`, `$1 only strings have UTF-8 byte length`},
		{`keys cannot be applied to: V`, `$1 has no keys`},
		{`length cannot be applied to: V`, `$1 has no length`},
		{`has\(".*"\) cannot be applied to: (\w+).*`, `Cannot check whether $1 has a string key`},
		{`has\(-?\d.*\) cannot be applied to: (\w+).*`, `Cannot check whether $1 has a number key`},
		{`(?:ascii_downcase|ascii_upcase|explode) cannot be applied to: V`, `explode input must be a string`},
		{`(?:test|match)\((?s:.*)\) cannot be applied to: V`, `$1 cannot be matched, as it is not a string`},
		{`(?:sort|unique) cannot be applied to: V`, `$1 cannot be sorted, as it is not an array`},
		{`(?:add|flatten) cannot be applied to: V`, `Cannot iterate over $1`},
		{`fromjson cannot be applied to: V`, `$1 only strings can be parsed`},
		{`split\(.*\) cannot be applied to: .*`, `split input and separator must be strings`},
		{`(trim|ltrim|rtrim) cannot be applied to: .*`, `trim input must be a string`},
		{`(?:ltrimstr|startswith)\((?s:.*)\) cannot be applied to: .*`, `startswith() requires string inputs`},
		{`(?:rtrimstr|endswith)\((?s:.*)\) cannot be applied to: .*`, `endswith() requires string inputs`},
		{`bsearch\(.*\) cannot be applied to: V`, `$1 cannot be searched from`},
		{`@csv cannot be applied to: V`, `$1 cannot be csv-formatted, only array`},
		{`@tsv cannot be applied to: V`, `$1 cannot be tsv-formatted, only array`},
		{`@[ct]sv cannot format an array including: V`, `$1 is not valid in a csv row`},
		{`@sh cannot format an array including: V`, `$1 can not be escaped for shell`},
		{`@base64d cannot be applied to ("[^"]{4}[^"]*[^"]{4}"): illegal base64 data at input byte [0-3]`, `string ($1) is not valid base64 data`},
		{`@base64d cannot be applied to (".*"): illegal base64 data at input byte .*`, `string ($1) trailing base64 byte found`},
		{`@urid cannot be applied to (".*"): invalid URL escape .*`, `string ($1) is not a valid uri encoding`},
		{`strftime\((?:".*")\) cannot be applied to.*`, `strftime/1 requires parsed datetime inputs`},
		{`strflocaltime\((?:".*")\) cannot be applied to.*`, `strflocaltime/1 requires parsed datetime inputs`},
		{`strftime\(.*\) cannot be applied to.*`, `strftime/1 requires a string format`},
		{`strflocaltime\(.*\) cannot be applied to.*`, `strflocaltime/1 requires a string format`},
		{`mktime cannot be applied to.*`, `mktime requires parsed datetime inputs`},
		{`(?s:.*): array index should not be negative: -9223372036854775808`, `Cannot set array element at NaN index`},
		{`(?s:.*): array index should not be negative: .*`, `Out of bounds negative array index`},
		{`(?s:.*): array index too large: .*`, `Array index too large`},
		{`setpath\(\[\{"end".*\]; .*\) cannot be applied to ".*": expected an array but got: string .*`, `Cannot update string slices`},
		{`setpath\(\[\[.*\]\]; .*\) cannot be applied to \[.*`, `Cannot update field at array index of array`},
		{`setpath\(\[(\d+)\]; .*\) cannot be applied to .*: expected an array but got: (\w+) .*`, `Cannot index $2 with number ($1)`},
		{`(?:setpath|getpath)\(\[("[^"]*")\](?:; .*)?\) cannot be applied to .*: expected an object but got: (\w+) .*`, `Cannot index $2 with string ($1)`},
		{`delpaths\([^\[].*\) cannot be applied to.*`, `Paths must be specified as an array`},
		{`path too deep`, `Path too deep`},
		{`repeat string result too large: (?s:.*)`, `Repeat string result too long`},
		{`nth doesn't support negative index`, `nth doesn't support negative indices`},
		{`flatten depth should not be negative: .*`, `flatten depth must not be negative`},
		{`invalid path against: \w+ \(((?s:.*))\)`, `Invalid path expression with result $1`},
		{`invalid path on iterating against: \w+ \(((?s:.*))\)`, `Invalid path expression near attempt to iterate through $1`},
		{`range cannot be applied to: .*`, `Range bounds must be numeric`},
	}
}

// message says as jq does what a filter catches.
func (p *Program) message(v any, _ []any) any {
	text, ok := v.(string)
	if !ok {
		return v
	}
	if p.wordings == nil {
		const value = `((?:boolean|number|string|array|object) \((?s:.*)\)|null)`
		for _, w := range wordings() {
			p.wordings = append(p.wordings, regexp.MustCompile(`^(?:`+strings.ReplaceAll(w.gojq, "V", value)+`)$`))
		}
	}
	for i, r := range p.wordings {
		if r.MatchString(text) {
			text = r.ReplaceAllString(text, wordings()[i].jq)
			return regexp.MustCompile(` \.\.\.("?)\)`).ReplaceAllString(text, "...$1)")
		}
	}
	return v
}
