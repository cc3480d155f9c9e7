package demo

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"strings"
	"time"

	"github.com/distribution/reference"
	"github.com/docker/docker/api/types/events"
	dockerspec "github.com/moby/docker-image-spec/specs-go/v1"
	"github.com/opencontainers/go-digest"
	ocispec "github.com/opencontainers/image-spec/specs-go/v1"
)

// createImage pulls or imports.
func (e *Engine) createImage(c *call) error {
	if c.query.Get("fromImage") != "" {
		return e.pull(c)
	}
	ref, err := repoTag(c.query.Get("repo"), c.query.Get("tag"))
	if err != nil {
		return err
	}
	config, err := configOf(c.query["changes"])
	if err != nil {
		return err
	}
	if src := c.query.Get("fromSrc"); src != "-" {
		return fail(500, "the pretend Engine imports from a request's body, not from %q", src)
	}
	sum := sha256.New()
	size, err := io.Copy(sum, c.r.Body)
	if err != nil {
		return err
	}
	comment := c.query.Get("message")
	if comment == "" {
		comment = "Imported from -"
	}
	now := c.now()
	im := &image{
		id: "sha256:" + newID(), created: now, arch: "amd64", comment: comment, config: config,
		steps: []step{{created: now, comment: comment, layer: "sha256:" + hex.EncodeToString(sum.Sum(nil)), size: size}},
	}
	e.mu.Lock()
	e.images = append(e.images, im)
	if ref != nil {
		e.tag(im, ref, now)
		e.emitImage(events.ActionTag, im, reference.FamiliarString(ref))
	}
	e.emitImage(events.ActionImport, im, im.id)
	e.mu.Unlock()
	c.w.Header().Set("Content-Type", "application/json")
	c.progress(progress{Status: im.id})
	return nil
}

// configOf understands the Dockerfile instructions CMD, ENTRYPOINT, ENV and LABEL.
func configOf(changes []string) (config dockerspec.DockerOCIImageConfig, err error) {
	for _, change := range changes {
		instruction, rest, _ := strings.Cut(strings.TrimSpace(change), " ")
		switch strings.ToUpper(instruction) {
		case "CMD":
			config.Cmd = command(rest)
		case "ENTRYPOINT":
			config.Entrypoint = command(rest)
		case "ENV":
			config.Env = append(config.Env, words(rest)...)
		case "LABEL":
			if config.Labels == nil {
				config.Labels = map[string]string{}
			}
			for _, word := range words(rest) {
				k, v, ok := strings.Cut(word, "=")
				if !ok {
					return config, fail(400, "Syntax error - can't find = in %q. Must be of the form: name=value", word)
				}
				config.Labels[k] = v
			}
		default:
			return config, fail(400, "%s is not a valid change command", strings.ToLower(instruction))
		}
	}
	return config, nil
}

// command reads a command as a JSON array or as a line for the shell.
func command(s string) (argv []string) {
	if json.Unmarshal([]byte(s), &argv) == nil {
		return argv
	}
	return []string{"/bin/sh", "-c", s}
}

// words splits as Dockerfiles do: quotes keep words together, a backslash
// escapes what follows.
func words(s string) (list []string) {
	var word strings.Builder
	var quote rune
	inside, escaped := false, false
	for _, r := range s {
		switch {
		case escaped:
			word.WriteRune(r)
			escaped = false
		case r == '\\' && quote != '\'':
			escaped, inside = true, true
		case quote != 0 && r == quote:
			quote = 0
		case quote == 0 && (r == '"' || r == '\''):
			quote, inside = r, true
		case quote == 0 && (r == ' ' || r == '\t'):
			if inside {
				list = append(list, word.String())
			}
			word.Reset()
			inside = false
		default:
			word.WriteRune(r)
			inside = true
		}
	}
	if inside {
		list = append(list, word.String())
	}
	return list
}

// progress is a message about a pull or an import.
type progress struct {
	Status   string  `json:"status,omitempty"`
	Detail   *detail `json:"progressDetail,omitempty"`
	Progress string  `json:"progress,omitempty"`
	ID       string  `json:"id,omitempty"`
	Failed   *reason `json:"errorDetail,omitempty"`
	Error    string  `json:"error,omitempty"`
}

type detail struct {
	Current int64 `json:"current,omitempty"`
	Total   int64 `json:"total,omitempty"`
}

type reason struct {
	Message string `json:"message"`
}

// progress sends a message at once.
func (c *call) progress(p progress) {
	b, _ := json.Marshal(p)
	_, _ = c.w.Write(append(b, "\r\n"...))
	c.flush()
}

// pull pretends that any image is there to be pulled, but for those of a
// repository with "missing" in its name (404), and for those with "broken",
// which fail while they are downloaded.
func (e *Engine) pull(c *call) error {
	ref, err := reference.ParseNormalizedNamed(strings.TrimSuffix(c.query.Get("fromImage"), ":"))
	if err != nil {
		return fail(400, "%v", err)
	}
	if tag := c.query.Get("tag"); tag != "" {
		if dgst, e := digest.Parse(tag); e == nil {
			ref, err = reference.WithDigest(reference.TrimNamed(ref), dgst)
		} else {
			ref, err = reference.WithTag(ref, tag)
		}
		if err != nil {
			return fail(400, "%v", err)
		}
	}
	name := reference.FamiliarString(ref)
	if strings.Contains(name, "missing") {
		if reference.Domain(ref) == "docker.io" {
			return fail(404, "pull access denied for %s, repository does not exist or may require 'docker login': denied: requested access to the resource is denied", reference.FamiliarName(ref))
		}
		return fail(404, "manifest for %s not found: manifest unknown: manifest unknown", reference.FamiliarString(reference.TagNameOnly(ref)))
	}

	c.w.Header().Set("Content-Type", "application/json")
	refs := []reference.Named{ref}
	if reference.IsNameOnly(ref) {
		refs = nil
		for _, tag := range []string{"1.0", "latest"} {
			tagged, _ := reference.WithTag(ref, tag)
			refs = append(refs, tagged)
		}
	}
	status := "Image is up to date for "
	for _, ref := range refs {
		fresh, err := e.pullOne(c, ref)
		if err != nil {
			if c.r.Context().Err() == nil {
				c.progress(progress{Failed: &reason{err.Error()}, Error: err.Error()})
			}
			return nil
		}
		if fresh {
			status = "Downloaded newer image for "
		}
	}
	c.progress(progress{Status: "Status: " + status + name})
	e.mu.Lock()
	defer e.mu.Unlock()
	attributes := map[string]string{"name": reference.FamiliarName(ref)}
	if im, err := e.image(name); err == nil {
		maps.Copy(attributes, im.config.Labels)
	}
	e.emit(events.ImageEventType, events.ActionPull, name, attributes)
	return nil
}

// pullOne takes about a second; an image that is there already takes no time.
func (e *Engine) pullOne(c *call, ref reference.Named) (fresh bool, err error) {
	version := "latest"
	var dgst digest.Digest
	switch r := ref.(type) {
	case reference.Canonical:
		dgst = r.Digest()
		version = dgst.String()
	case reference.NamedTagged:
		version = r.Tag()
		dgst = fixedDigest(ref.String())
	}
	c.progress(progress{Status: "Pulling from " + reference.Path(ref), ID: version})
	pinned, err := reference.WithDigest(reference.TrimNamed(ref), dgst)
	if err != nil {
		return false, err
	}
	e.mu.Lock()
	old := e.tagged[pinned.String()]
	have := old != nil && old == e.tagged[ref.String()]
	e.mu.Unlock()
	if !have {
		if err := e.download(c, ref, pinned, old); err != nil {
			return false, err
		}
	}
	c.progress(progress{Status: "Digest: " + dgst.String()})
	return !have, nil
}

// download adds the image ref, whose layers come from its name, unless it is
// there already as old and lacks no more than the tag.
func (e *Engine) download(c *call, ref, pinned reference.Named, old *image) error {
	layers := []step{
		layer("debian base of "+ref.Name(), 29_126_484),
		layer(ref.String()+" 1", 18_340_117),
		layer(ref.String()+" 2", 4_181_950),
	}
	if old == nil {
		for _, l := range layers {
			c.progress(progress{Status: "Pulling fs layer", Detail: &detail{}, ID: short(l.layer)})
		}
		if err := c.transfer(layers, strings.Contains(ref.Name(), "broken")); err != nil {
			return err
		}
	}
	now := c.now()
	arch := "amd64"
	if _, after, ok := strings.Cut(c.query.Get("platform"), "/"); ok {
		arch, _, _ = strings.Cut(after, "/")
	}
	for i := range layers {
		layers[i].created = now.Add(-72 * time.Hour)
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	im := e.tagged[pinned.String()]
	if im == nil {
		im = &image{
			id: fixedDigest("image " + ref.String()).String(), created: layers[0].created, arch: arch, steps: layers,
			config: dockerspec.DockerOCIImageConfig{ImageConfig: ocispec.ImageConfig{
				Env: []string{"PATH=/usr/local/bin:/usr/bin:/bin"}, Cmd: []string{"/bin/serve"},
			}},
		}
		e.images = append(e.images, im)
		e.tag(im, pinned, now)
	}
	e.tag(im, ref, now)
	return nil
}

// transfer pretends to download and extract layers.
func (c *call) transfer(layers []step, broken bool) error {
	const steps = 4
	for _, doing := range []string{"Downloading", "Extracting"} {
		for i := int64(1); i <= steps; i++ {
			select {
			case <-time.After(time.Second / (2 * steps)):
			case <-c.r.Context().Done():
				return c.r.Context().Err()
			}
			for _, l := range layers {
				d := detail{l.size * i / steps, l.size}
				c.progress(progress{Status: doing, Detail: &d, Progress: d.bar(), ID: short(l.layer)})
			}
		}
		for _, l := range layers {
			switch {
			case doing == "Extracting":
				c.progress(progress{Status: "Pull complete", Detail: &detail{}, ID: short(l.layer)})
				continue
			case broken:
				c.progress(progress{Status: "Verifying Checksum", Detail: &detail{}, ID: short(l.layer)})
				return fmt.Errorf("filesystem layer verification failed for digest %s", l.layer)
			}
			c.progress(progress{Status: "Download complete", Detail: &detail{}, ID: short(l.layer)})
		}
	}
	return nil
}

// bar draws the progress as the Engine does for old clients.
func (d detail) bar() string {
	done := int(d.Current * 50 / d.Total)
	return fmt.Sprintf("[%s>%s]  %.4gMB/%.4gMB", strings.Repeat("=", done), strings.Repeat(" ", 50-done), float64(d.Current)/1e6, float64(d.Total)/1e6)
}

// layer returns a step whose layer's digest comes from its name.
func layer(name string, size int64) step {
	return step{by: "RUN /bin/sh -c build # buildkit", comment: "buildkit.dockerfile.v0", layer: fixedDigest(name).String(), size: size}
}
