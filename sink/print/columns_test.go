package print

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"baleen/source/record"
)

func rowsOf(c *Columns, paired bool, in ...string) (string, error) {
	var got []string
	for v, err := range c.Rows(func(yield func(json.RawMessage, error) bool) {
		for _, s := range in {
			if !yield(json.RawMessage(s), nil) {
				return
			}
		}
	}, paired) {
		if err != nil {
			return "", err
		}
		got = append(got, string(v))
	}
	return strings.Join(got, " "), nil
}

func TestColumns(t *testing.T) {
	web := `{"own":{"name":"web","size":"1kB"},"raw":{"name":"web","size":1000},"record":{"Names":["/web"],"Image":"nginx","name":"x","Labels":{"team":"a"}}}`
	for _, test := range []struct{ columns, want string }{
		{"name,Image", `{"name":"web","Image":"nginx"}`},
		{"image", `{"image":"nginx"}`},
		{"NAME", `{"NAME":"web"}`},
		{"names", `{"names":["/web"]}`},
		{"Labels.team,labels.TEAM", `{"Labels.team":"a","labels.TEAM":"a"}`},
		{"Labels.other", `{"Labels.other":null}`},
		{"size", `{"size":1000}`},
	} {
		got, err := rowsOf(&Columns{Names: strings.Split(test.columns, ",")}, true, web)
		if err != nil || got != test.want {
			t.Errorf("%s: %s, %v; want %s", test.columns, got, err, test.want)
		}
	}
	if got, _ := rowsOf(&Columns{Names: []string{"size"}, Human: true}, true, web); got != `{"size":"1kB"}` {
		t.Error(got)
	}
	_, err := rowsOf(&Columns{Names: []string{"nosuch"}}, true, web)
	var usage *record.UsageError
	if !errors.As(err, &usage) || err.Error() != "no column \"nosuch\"\nown columns: name, size\nkeys of the record: Names, Image, name, Labels" {
		t.Error(err)
	}
	if _, err := rowsOf(&Columns{Names: []string{"a"}}, false, `"text"`); !errors.As(err, &usage) {
		t.Error(err)
	}
}

func TestSort(t *testing.T) {
	in := []string{`{"n":10,"s":"b"}`, `{"n":9,"s":"a"}`, `{"n":null,"s":"c"}`}
	for sort, want := range map[string]string{
		"n":  `{"n":null,"s":"c"} {"n":9,"s":"a"} {"n":10,"s":"b"}`,
		"-n": `{"n":10,"s":"b"} {"n":9,"s":"a"} {"n":null,"s":"c"}`,
		"S":  `{"n":9,"s":"a"} {"n":10,"s":"b"} {"n":null,"s":"c"}`,
	} {
		if got, err := rowsOf(&Columns{Sort: sort}, false, in...); err != nil || got != want {
			t.Errorf("%s: %s, %v", sort, got, err)
		}
	}
}
