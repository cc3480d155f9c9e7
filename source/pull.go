package source

import (
	"baleen/source/engine"
	"baleen/source/record"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"

	"github.com/distribution/reference"
	"github.com/docker/cli/cli/config"
	"github.com/docker/docker/api/types/registry"
	"github.com/urfave/cli/v2"
)

func pull() Source {
	return Source{
		Name:    "pull",
		Usage:   "pull images; each message of its progress is a record",
		Args:    "REFERENCE...",
		MinArgs: 1,
		Flags: []cli.Flag{
			&cli.BoolFlag{Name: "all-tags", Aliases: []string{"a"}, Usage: "every tag of the repositories"},
			&cli.StringFlag{Name: "platform", Usage: "the image for `OS[/ARCH[/VARIANT]]`"},
			&cli.StringFlag{Name: "registry-auth", Usage: "the X-Registry-Auth `VALUE` to send, - reads it from standard input (default: docker's own credentials)"},
		},
		Examples: []string{
			"baleen pull nginx:1.27 -q '.status // .error' -r",
			"printf %s \"$AUTH\" | baleen pull registry.example.com/team/app:1 --registry-auth - -q 'select(.id == null)'",
		},
		Layers: true,
		Writes: func(record.Flags) bool { return true },
		Check: func(r Request) error {
			for _, name := range r.Names {
				ref, err := reference.ParseNormalizedNamed(name)
				if err != nil {
					return &record.UsageError{Message: fmt.Sprintf("%q: %v", name, err)}
				}
				if r.Flags.Bool("all-tags") && !reference.IsNameOnly(ref) {
					return &record.UsageError{Message: fmt.Sprintf("--all-tags goes with a repository, not with %q", name)}
				}
			}
			return nil
		},
		Records: func(ctx context.Context, e *engine.Engine, r Request) record.Seq {
			return func(yield func(json.RawMessage, error) bool) {
				auth, err := registryAuth(r)
				if err != nil {
					yield(nil, err)
					return
				}
				for _, name := range r.Names {
					if !pullImage(ctx, e, name, r.Flags, auth, yield) {
						return
					}
				}
			}
		},
	}
}

// pull yields the progress of one pull and reports whether to go on with the next.
func pullImage(ctx context.Context, e *engine.Engine, name string, f record.Flags, auth func(domain string) (string, error), yield func(json.RawMessage, error) bool) bool {
	ref, err := reference.ParseNormalizedNamed(name)
	if err != nil {
		yield(nil, err)
		return false
	}
	q := url.Values{"fromImage": {reference.FamiliarName(ref)}}
	switch r := reference.TagNameOnly(ref).(type) {
	case reference.Digested:
		q.Set("tag", r.Digest().String())
	case reference.Tagged:
		if !f.Bool("all-tags") {
			q.Set("tag", r.Tag())
		}
	}
	if platform := f.String("platform"); platform != "" {
		q.Set("platform", platform)
	}
	failed := func(err error) bool {
		if ctx.Err() != nil {
			err = context.Cause(ctx)
		} else {
			err = &record.PartError{Err: fmt.Errorf("pull %s: %w", name, err)}
		}
		return yield(nil, err) && ctx.Err() == nil
	}
	value, err := auth(reference.Domain(ref))
	if err != nil {
		return failed(err)
	}
	a, err := e.Do(ctx, http.MethodPost, "/images/create", q, nil, http.Header{registry.AuthHeader: {value}})
	if err != nil {
		return failed(err)
	}
	a.StopTimer()
	for raw, err := range a.Records("") {
		if err != nil {
			return failed(err)
		}
		var m struct {
			ErrorDetail *struct{ Message string }
			Error       string
		}
		if json.Unmarshal(raw, &m) == nil && m.ErrorDetail != nil {
			m.Error = cmp.Or(m.ErrorDetail.Message, m.Error, "the Engine does not say why")
		}
		if !yield(raw, nil) {
			return false
		}
		if m.Error != "" && !failed(errors.New(record.OneLine(m.Error))) {
			return false
		}
	}
	return true
}

// registryAuth gives the X-Registry-Auth value for a registry: what the user
// gave, or what docker's configuration and credential helpers know.
func registryAuth(r Request) (func(domain string) (string, error), error) {
	value := r.Flags.String("registry-auth")
	if value == "-" {
		b, err := io.ReadAll(r.Stdin())
		if err != nil {
			return nil, fmt.Errorf("--registry-auth -: %w", err)
		}
		value = string(b)
	}
	if r.Flags.IsSet("registry-auth") {
		value = strings.TrimSpace(value)
		return func(string) (string, error) { return value, nil }, nil
	}
	file, err := config.Load(config.Dir())
	if err != nil {
		return nil, fmt.Errorf("docker's configuration: %w", err)
	}
	return func(domain string) (string, error) {
		if domain == "docker.io" {
			domain = "https://index.docker.io/v1/"
		}
		known, err := file.GetAuthConfig(domain)
		if err != nil {
			// What the helper printed comes after that, and may be a secret.
			why, _, _ := strings.Cut(err.Error(), ", out: ")
			return "", fmt.Errorf("credentials for %s: %s", domain, record.OneLine(why))
		}
		return registry.EncodeAuthConfig(registry.AuthConfig(known))
	}, nil
}
