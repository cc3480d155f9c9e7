package demo

import (
	"github.com/distribution/reference"
	registrytypes "github.com/docker/docker/api/types/registry"
	ocispec "github.com/opencontainers/image-spec/specs-go/v1"
)

// outdated is an image of which the registry has a newer one by the same tag.
const outdated = "registry.example.com:5000/team/app:1.4"

// distribution says what a registry has, which is what the Engine has of it.
func (e *Engine) distribution(c *call) (any, error) {
	ref, err := reference.ParseNormalizedNamed(c.name)
	if err != nil {
		return nil, fail(400, "%v", err)
	}
	ref = reference.TagNameOnly(ref)
	im := e.tagged[ref.String()]
	if im == nil {
		return nil, fail(404, "manifest unknown: %s", reference.FamiliarString(ref))
	}
	d := ocispec.Descriptor{MediaType: "application/vnd.docker.distribution.manifest.v2+json", Digest: fixedDigest(ref.String()), Size: 1570}
	if canonical, ok := ref.(reference.Canonical); ok {
		d.Digest = canonical.Digest()
	}
	if ref.String() == outdated {
		d.Digest = fixedDigest("newer " + outdated)
	}
	return registrytypes.DistributionInspect{Descriptor: d, Platforms: []ocispec.Platform{{Architecture: im.arch, OS: "linux"}}}, nil
}
