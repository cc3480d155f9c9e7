//lint:file-ignore SA1019 the Engine still says what is deprecated

package demo_test

import (
	"strings"
	"testing"

	"baleen/source/demo"

	containertypes "github.com/docker/docker/api/types/container"
	"github.com/docker/docker/api/types/filters"
	imagetypes "github.com/docker/docker/api/types/image"
)

func TestImport(t *testing.T) {
	e := connect(t, demo.Empty())
	a := e.importImage("app:1", `CMD ["/prog","x"]`, `LABEL k=<none> q="say \"hi\" & go"`)
	b := e.importImage("app:1")
	if a == b {
		t.Error("two imports gave one image")
	}
	equal(t, "tags", e.imageTags(), "app:1", "")
	im, err := e.ImageInspect(t.Context(), a)
	if err != nil || strings.Join(im.Config.Cmd, " ") != "/prog x" || im.Config.Labels["k"] != "<none>" || im.Config.Labels["q"] != `say "hi" & go` {
		t.Errorf("%+v, %v", im.Config, err)
	}
	e.want("GET", "/images/json", "", 200, `"q":"say \\"hi\\" & go"`)
	e.want("GET", "/v1.41/images/json", "", 200, `"RepoDigests":\["<none>@<none>"\],"RepoTags":\["<none>:<none>"\],"SharedSize":-1,"Size":5,"VirtualSize":5}`)
	e.want("POST", "/images/create?fromSrc=-&changes=FOO%20x", "", 400, "foo is not a valid change command")
	e.want("POST", "/images/create?fromSrc=-&repo=APP", "", 400, "repository name .*must be lowercase")
}

func TestImageLookup(t *testing.T) {
	e := connect(t, demo.Empty())
	id := e.importImage("app:1")
	for _, name := range []string{"app:1", "docker.io/library/app:1", id, id[:14], strings.TrimPrefix(id, "sha256:"), id[7:19]} {
		e.want("GET", "/images/"+name+"/json", "", 200, `^{"Id":"`+id+`"`)
	}
	e.want("GET", "/images/nope/json", "", 404, `^{"message":"No such image: nope:latest"}\n$`)
	e.want("GET", "/images/sha256:ffff/json", "", 404, "No such image: sha256:ffff")
	e.want("GET", "/images/A%20B/json", "", 400, "invalid reference format")
}

func TestTag(t *testing.T) {
	e := connect(t, demo.Empty())
	id := e.importImage("app:1")
	e.importImage("app:2")
	e.want("POST", "/images/app:1/tag?repo=example.com:5000/x/app&tag=3", "", 201, "^$")
	e.want("POST", "/images/"+id[7:19]+"/tag?repo=app&tag=2", "", 201, "^$")
	equal(t, "tags", e.imageTags(), "", "app:1 app:2 example.com:5000/x/app:3")
	e.want("POST", "/images/nope/tag?repo=x", "", 404, "No such image: nope:latest")
	e.want("POST", "/images/app:1/tag?repo=X", "", 400, "invalid reference format")
}

func TestImageFilters(t *testing.T) {
	e := connect(t, demo.Empty())
	e.importImage("app:1", "LABEL team=a")
	e.importImage("app:2", "LABEL team=b")
	e.importImage("example.com/x/app:3")
	e.importImage("")
	for _, test := range []struct {
		key, value string
		want       []string
	}{
		{"dangling", "true", []string{""}},
		{"dangling", "false", []string{"example.com/x/app:3", "app:2", "app:1"}},
		{"reference", "app", []string{"app:2", "app:1"}},
		{"reference", "app:*", []string{"app:2", "app:1"}},
		{"reference", "*:2", []string{"app:2"}},
		{"reference", "*/*/*", []string{"example.com/x/app:3"}},
		{"label", "team", []string{"app:2", "app:1"}},
		{"label", "team=a", []string{"app:1"}},
		{"before", "app:2", []string{"app:1"}},
		{"since", "app:2", []string{"", "example.com/x/app:3"}},
		{"until", "1h", nil},
	} {
		equal(t, test.key+"="+test.value, e.imageTags(filters.Arg(test.key, test.value)), test.want...)
	}
	e.want("GET", `/images/json?filters={"before":["nope"]}`, "", 404, "No such image: nope:latest")
	e.want("GET", `/images/json?filters={"reference":["["]}`, "", 500, "syntax error in pattern")
}

func TestDeleteTags(t *testing.T) {
	e := connect(t, demo.Empty())
	id := e.importImage("app:1")
	e.want("POST", "/images/app:1/tag?repo=other/app&tag=1", "", 201, "^$")
	e.want("DELETE", "/images/"+id, "", 409, `^{"message":"conflict: unable to delete `+id[7:19]+` \(must be forced\) - image is referenced in multiple repositories"}\n$`)
	e.want("DELETE", "/images/app:1", "", 200, `^\[{"Untagged":"app:1"}\]\n$`)
	e.want("DELETE", "/images/other/app:1", "", 200, `^\[{"Untagged":"other/app:1"},{"Deleted":"`+id+`"},{"Deleted":"sha256:[0-9a-f]{64}"}\]\n$`)
	e.want("DELETE", "/images/other/app:1", "", 404, "No such image: other/app:1")

	id = e.importImage("app:1")
	e.want("DELETE", "/images/"+id[7:15], "", 200, `^\[{"Untagged":"app:1"},{"Deleted":"`+id)
	id = e.importImage("app:1")
	e.want("POST", "/images/app:1/tag?repo=other/app&tag=1", "", 201, "^$")
	e.want("DELETE", "/images/"+id+"?force=1", "", 200, `"Untagged":"other/app:1".*"Deleted":"`+id)
	equal(t, "left", e.imageTags())
}

func TestDeleteUsedImage(t *testing.T) {
	e := connect(t, demo.Empty())
	id := e.importImage("app:1")
	ctr := e.run("ctr", "app:1")
	e.want("DELETE", "/images/app:1", "", 409, `unable to remove repository reference \\"app:1\\" \(must force\) - container `+ctr[:12]+" is using its referenced image "+id[7:19])
	e.want("DELETE", "/images/"+id+"?force=1", "", 409, `\(cannot be forced\) - image is being used by running container `+ctr[:12])
	e.want("POST", "/containers/ctr/stop", "", 204, "^$")
	e.want("DELETE", "/images/"+id, "", 409, `\(must be forced\) - image is being used by stopped container `+ctr[:12])
	// The container needs the layer still.
	e.want("DELETE", "/images/"+id+"?force=1", "", 200, `^\[{"Untagged":"app:1"},{"Deleted":"`+id+`"}\]\n$`)
	e.want("GET", "/containers/json?all=1", "", 200, `"Image":"`+id+`","ImageID":"`+id+`"`)
}

func TestParents(t *testing.T) {
	e := connect(t, demo.New())
	base, err := e.ImageInspect(t.Context(), "shop-base:1")
	if err != nil {
		t.Fatal(err)
	}
	child, err := e.ImageInspect(t.Context(), "shop-api:2.3")
	if err != nil || child.Parent != base.ID || child.Size <= base.Size {
		t.Fatalf("%+v, %v", child, err)
	}
	equal(t, "ancestor", e.names(containertypes.ListOptions{All: true}, filters.Arg("ancestor", "shop-base:1")), "worker")
	e.want("DELETE", "/images/"+base.ID+"?force=1", "", 409, `\(cannot be forced\) - image has dependent child images`)
	// Its only tag goes, and the image stays for the child's sake.
	e.want("DELETE", "/images/shop-base:1", "", 200, `^\[{"Untagged":"shop-base:1"},{"Untagged":"shop-base@sha256:[0-9a-f]{64}"}\]\n$`)
	if all, err := e.ImageList(t.Context(), imagetypes.ListOptions{All: true}); err != nil || len(all) != 17 {
		t.Errorf("%d images with -a, %v", len(all), err)
	}
	if list := e.imageTags(); len(list) != 16 {
		t.Errorf("%d images", len(list))
	}
	e.want("DELETE", "/containers/worker", "", 204, "^$")
	e.want("DELETE", "/images/shop-api:2.3", "", 200, `"Deleted":"`+child.ID+`".*"Deleted":"`+base.ID+`"`)
}
