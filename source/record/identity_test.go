package record

import (
	"encoding/json"
	"slices"
	"testing"
)

func TestIdentify(t *testing.T) {
	for _, test := range []struct {
		record string
		want   Identity
		fails  bool
	}{
		{record: `{"Id":"c1","Names":["/web/db","/linked-db"],"Image":"app","State":"running"}`, want: Identity{Kind: "container", ID: "c1", Name: "linked-db"}},
		{record: `{"Id":"c1","Name":"/web","State":{},"Config":{}}`, want: Identity{Kind: "container", ID: "c1", Name: "web"}},
		{record: `{"ID":"c1","Names":"web,db/web","Image":"app"}`, want: Identity{Kind: "container", ID: "c1", Name: "web"}},
		{record: `{"name":"/web","id":"c1","read":"","cpu_stats":{}}`, want: Identity{Kind: "container", ID: "c1", Name: "web"}},
		{record: `{"container":"web","stream":"stdout","time":"","line":"x"}`, want: Identity{Kind: "container", Name: "web"}},
		{record: `{"container":"web","PID":"1","ID":"x"}`, want: Identity{Kind: "container", Name: "web"}},
		{record: `{"Id":"sha256:1","RepoTags":["b:1","a:1","a@sha256:2"],"RepoDigests":["a@sha256:2"]}`, want: Identity{Kind: "image", ID: "sha256:1", Name: "a:1", Refs: []string{"b:1", "a:1", "a@sha256:2"}}},
		{record: `{"Id":"sha256:1","RepoTags":null,"RepoDigests":[]}`, want: Identity{Kind: "image", ID: "sha256:1", Refs: []string{}}},
		{record: `{"ID":"1","Repository":"team/app","Tag":"old"}`, want: Identity{Kind: "image", ID: "1", Name: "team/app:old", Ref: "team/app:old"}},
		{record: `{"ID":"1","Repository":"<none>","Tag":"<none>"}`, want: Identity{Kind: "image", ID: "1"}},
		{record: `{"ID":"1","Repository":"app","Tag":"<none>"}`, fails: true},
		{record: `{"Name":"data","Driver":"local","Mountpoint":"/x"}`, want: Identity{Kind: "volume", ID: "data", Name: "data"}},
		{record: `{"Type":"volume","Name":"data","Destination":"/x"}`, want: Identity{Kind: "volume", ID: "data", Name: "data"}},
		{record: `{"Type":"bind","Source":"/x","Destination":"/x"}`, want: Identity{Kind: "mount"}},
		{record: `{"Name":"front","Id":"n1","IPAM":{}}`, want: Identity{Kind: "network", ID: "n1", Name: "front"}},
		{record: `{"ID":"n1","Name":"front","Driver":"bridge","IPv6":"false","Internal":"false"}`, want: Identity{Kind: "network", ID: "n1", Name: "front"}},
		{record: `{"ID":"s1","Spec":{"Name":"web","TaskTemplate":{}},"Endpoint":{}}`, want: Identity{Kind: "service", ID: "s1", Name: "web"}},
		{record: `{"ID":"t1","ServiceID":"s1","DesiredState":"running","Spec":{}}`, want: Identity{Kind: "task", ID: "t1"}},
		{record: `{"ID":"n1","Spec":{"Role":"worker"},"Description":{"Hostname":"host"}}`, want: Identity{Kind: "node", ID: "n1", Name: "host"}},
		{record: `{"ID":"b1","Type":"regular","InUse":false,"UsageCount":1}`, want: Identity{Kind: "buildcache", ID: "b1"}},
		{record: `{"Type":"container","Action":"die","Actor":{"ID":"c1","Attributes":{"name":"web"}}}`, want: Identity{Kind: "container", ID: "c1", Name: "web"}},
		{record: `{"Type":"volume","Action":"create","Actor":{"Attributes":{"name":"data"}}}`, want: Identity{Kind: "volume", ID: "data", Name: "data"}},
		{record: `{"action":"delete","kind":"volume","target":"data","status":"planned"}`, want: Identity{Kind: "volume", ID: "data", Result: true}},
		{record: `{"Id":"x"}`, want: Identity{ID: "x"}},
		{record: `{"ID":"a","Id":"b","id":"c"}`, fails: true},
		{record: `{"Id":"b","id":"b"}`, want: Identity{ID: "b"}},
		{record: `{"iD":"b"}`, want: Identity{}},
		{record: `{"Id":7}`, fails: true},
		{record: `"text"`, want: Identity{}},
	} {
		got, err := Identify(json.RawMessage(test.record))
		if (err != nil) != test.fails {
			t.Errorf("%s: %v", test.record, err)
		}
		same := got.Kind == test.want.Kind && got.ID == test.want.ID && got.Name == test.want.Name && got.Ref == test.want.Ref && got.Result == test.want.Result && slices.Equal(got.Refs, test.want.Refs) && (got.Refs == nil) == (test.want.Refs == nil)
		if err == nil && !same {
			t.Errorf("%s:\n%+v, not\n%+v", test.record, got, test.want)
		}
	}
}
