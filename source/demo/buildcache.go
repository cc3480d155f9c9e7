package demo

import (
	"slices"
	"time"

	"github.com/docker/docker/api/types/build"
)

// addCache adds what builds of the shop have left.
func (e *Engine) addCache(now time.Time) {
	add := func(name, kind, description string, age, used time.Duration, size int64, more build.CacheRecord) {
		last := now.Add(-used)
		more.ID, more.Type, more.Description, more.Size = fixedID("cache " + name)[:25], kind, description, size
		more.CreatedAt, more.LastUsedAt = now.Add(-age), &last
		more.UsageCount++
		e.cache = append(e.cache, &more)
	}
	add("base", "regular", "pulled from docker.io/library/debian:12", 33*day, 3*hour, 74_780_000, build.CacheRecord{Shared: true, UsageCount: 11})
	add("context", "source.local", "local source for context", 33*day, 3*hour, 1_900_000, build.CacheRecord{UsageCount: 11})
	add("modules", "exec.cachemount", "cached mount /go/pkg/mod from exec /bin/sh -c go build", 33*day, 3*hour, 411_000_000, build.CacheRecord{UsageCount: 11})
	add("app", "regular", "mount / from exec /bin/sh -c go build", 12*day, 12*day, 203_700_000, build.CacheRecord{})
	add("running", "regular", "mount / from exec /bin/sh -c npm ci", 20*time.Second, 20*time.Second, 61_000_000, build.CacheRecord{InUse: true})
}

func (e *Engine) pruneCache(c *call) (any, error) {
	args, err := c.filters("until", "id", "parent", "type", "description", "inuse", "shared", "private")
	if err != nil {
		return nil, err
	}
	report := build.CachePruneReport{CachesDeleted: []string{}}
	e.cache = slices.DeleteFunc(e.cache, func(r *build.CacheRecord) bool {
		kept := r.Shared || r.Type == "source.local" || r.Type == "exec.cachemount"
		if r.InUse || kept && !c.flag("all") || !args.ExactMatch("id", r.ID) {
			return false
		}
		report.CachesDeleted = append(report.CachesDeleted, r.ID)
		report.SpaceReclaimed += uint64(r.Size)
		return true
	})
	return report, nil
}
