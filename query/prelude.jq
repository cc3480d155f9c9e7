## naming

# tags: each tag of an image; nothing if it has none.
# A digest among the tags, as the containerd image store lists it, is none.
# example: baleen images -q tags -r
def tags: .RepoTags?[]? | strings | select(contains("@") or startswith("<none>") | not);

# name: what the record is called: a container's name without its slash, an image's first tag in alphabetical order, the name of a volume, network, service or node, of the container of a sample or log line, of what an event is about; null if there is none.
# example: baleen containers -a -q name -r
def name: _name;

# short_id: the first 12 digits of the record's id; null if it has none.
# example: baleen images -q '{id: short_id, Size}'
def short_id: _short_id;

# dangling: whether the record is an image without a tag.
# example: baleen images -a -q 'select(dangling) | short_id' -r
def dangling: type == "object" and has("RepoTags") and isempty(tags);

# repo: the repository of an image's first tag, of a container's image or of a reference, as docker shows it: "node", "localhost:5000/team/app"; null if there is none.
# The first tag is name's. An image without a tag has the repository of its first digest, if
# it has one; tags | repo gives the repository of each tag. An id
# and <none> have none. A string that is no reference is an error.
# example: baleen images -q 'select(any(tags; repo == "node")) | name' -r
def repo: _repo;

# tag: the tag of an image's first reference, of a container's image or of a reference; "latest" where a reference has neither tag nor digest; null if there is none.
# A string that is no reference is an error.
# example: baleen images -q '{repo: repo, tag: tag}'
def tag: _tag;

# label(KEY): the value of a label of an image, container, volume, network or Swarm object, or of what an event is about; null if it has no such label.
# example: baleen containers -q '{name: name, team: label("team")}'
def label($key):
  first((.Labels?, .Config?.Labels?, .Spec?.Labels?, .Actor?.Attributes?) | objects | .[$key] | values) // null;

## time

# duration(TEXT): the seconds that a text such as "90s", "36h", "7d", "2w" or "1h30m" means.
# Units are w, d (24 hours), h, m, s, ms, us and ns. Any other text is an error.
# example: baleen containers -q 'select(.Created < now - duration("1d12h")) | name' -r
def duration($text): _duration($text);

# timestamp: an Engine's time as Unix seconds: RFC 3339 text in any zone, seconds or nanoseconds since 1970.
# The year 1, which is how the Engine says never, is an error like anything else that is no
# time, so that no comparison with it can be true.
# example: baleen containers -a -f status=exited -q 'select(inspect.State.FinishedAt | timestamp < now - duration("7d")) | name' -r
def timestamp: _timestamp;

def _date:
  first((.Created?, .CreatedAt?, .timeNano?, .time?) | values) // error("the record does not say when it was created");

# What a policy sorts by: an image without a date is the oldest.
def _created:
  _date as $at | if ($at | _never) and has("RepoTags") then -62135596800 else $at | timestamp end;

# age: the seconds since the record was created, or since an event or log line.
# The time is Created, CreatedAt, timeNano or time; a record without one is an error, and so
# is an image without a date.
# example: baleen images -q '{name: name, age: (age | human_duration)}'
def age: now - (_date | timestamp);

# older_than(TEXT): whether the record's age is more than a duration; true of an image without a date.
# example: baleen images -q 'select(dangling and older_than("2w"))' --delete --dry-run
def older_than($text): duration($text) as $limit | now - _created > $limit;

# newer_than(TEXT): whether the record's age is at most a duration.
# example: baleen containers -a -q 'select(newer_than("1h")) | name' -r
def newer_than($text): older_than($text) | not;

## size

# bytes(TEXT): the bytes that a text such as "1.5GB" (1500000000), "1GiB" (2^30), "512kB" or "42" means.
# Units are B, kB to EB, powers of 1000, and KiB to EiB, powers of 1024, in either case. A
# number is bytes already. Any other text is an error: "1G", too, which may mean either.
# example: baleen images -q 'select(.Size > bytes("1.5GB")) | name' -r
def bytes($text): _bytes($text);

# human_size: a number of bytes as docker images shows it: "1.53GB", powers of 1000.
# example: baleen images -q '"\(.Size | human_size) \(name)"' -r
def human_size: _human_size;

# human_duration: a number of seconds as docker ps shows it: "About an hour", "3 weeks".
# example: baleen containers -q '"\(name), \(age | human_duration)"' -r
def human_duration: _human_duration;

def _ago: (age | human_duration + " ago")? // "N/A";

# disk: {total, used, available, percent} of the file system that holds the Engine's data, in bytes; percent as df has it.
# The Engine has to be on this machine.
# example: baleen images -s -q 'if disk.percent > 85 then map(select(unused)) | beyond_newest(3; tags | repo)[] else empty end' --delete --dry-run
def disk: _disk(null);

# disk(PATH): the same of the file system that holds a path on this machine.
# example: baleen info -q 'disk("/").available | human_size' -r
def disk($path): _disk($path);

## stats

def _stats: if type == "object" and has("cpu_stats") then . else error("the record is no sample of stats") end;

def _windows: (.num_procs // 0) > 0 and .cpu_stats.system_cpu_usage == null;

# has_prev: whether a sample knows the one before it. Without it cpu_percent is the average since the machine started.
# example: baleen stats -q 'select(has_prev) | {name: name, cpu: cpu_percent}'
def has_prev: _stats | if _windows then .preread // "0001" | startswith("0001") | not else (.precpu_stats.system_cpu_usage // 0) > 0 end;

# cpu_percent: the CPU that a container uses, in percent of one CPU, as docker stats computes it; null if the sample does not say.
# The container's share of the system's time since the sample before, times the number of
# CPUs (online_cpus, or the length of percpu_usage), times 100; 0 unless both have grown. On
# Windows the share of the time between the samples (in 100 ns) times num_procs, times 100.
# example: baleen stats -q 'select(has_prev and cpu_percent > 80) | name' -r
def cpu_percent:
  _stats | .cpu_stats as $now | .precpu_stats as $before
  | if $now.cpu_usage.total_usage == null then null else
  ($now.cpu_usage.total_usage - ($before.cpu_usage.total_usage // 0)) as $used
  | if _windows then
    (if has_prev then ((.read | timestamp) - (.preread | timestamp)) * 1e7 * .num_procs else 0 end) as $passed
    | if $used > 0 and $passed > 0 then $used / $passed * 100 else 0 end
  else
    (($now.system_cpu_usage // 0) - ($before.system_cpu_usage // 0)) as $passed
    | ($now.online_cpus // 0 | if . == 0 then $now.cpu_usage.percpu_usage // [] | length end) as $cpus
    | if $used > 0 and $passed > 0 then $used / $passed * $cpus * 100 else 0 end
  end end;

# mem_used: the bytes of memory that a container uses without the page cache, as docker stats computes it; null if the sample does not say.
# usage less total_inactive_file (cgroup v1), or else less inactive_file (v2), where that is
# smaller; privateworkingset on Windows.
# example: baleen stats -q '{name: name, mem: (mem_used | human_size)}'
def mem_used:
  _stats | .memory_stats | .usage as $usage
  | if .privateworkingset then .privateworkingset
  elif $usage == null then null
  else $usage - (first((.stats.total_inactive_file, .stats.inactive_file) | values | select(. < $usage)) // 0) end;

# mem_percent: mem_used in percent of the container's limit, or of the machine's memory; null if the sample does not say.
# example: baleen stats -q 'select(mem_percent > 95)' --restart --dry-run
def mem_percent: (_stats | .memory_stats.limit // 0) as $limit | mem_used as $used | if $limit > 0 and $used != null then $used / $limit * 100 else null end;

# net_io: the bytes {rx, tx} that a container has received and sent over all its networks.
# example: baleen stats -q '{name: name, rx: net_io.rx}'
def net_io: _stats | [.networks // {} | .[]] | {rx: (map(.rx_bytes) | add // 0), tx: (map(.tx_bytes) | add // 0)};

# block_io: the bytes {read, write} that a container has read from and written to block devices.
# The sums of blkio_stats.io_service_bytes_recursive whose op begins with r and w;
# storage_stats on Windows.
# example: baleen stats -q '{name: name, written: (block_io.write | human_size)}'
def block_io:
  def sum($op): [.blkio_stats.io_service_bytes_recursive[]? | select(.op // "" | .[:1] | ascii_downcase == $op) | .value] | add // 0;
  _stats | if .storage_stats.read_size_bytes != null then {read: .storage_stats.read_size_bytes, write: .storage_stats.write_size_bytes}
  else {read: sum("r"), write: sum("w")} end;

# pids: how many processes and threads a container has; null on Windows.
# example: baleen stats -q 'select(pids > 500) | name' -r
def pids: _stats | if _windows then null else .pids_stats.current // 0 end;

## joins

# engine(PATH): each element of the array, or the one object, that the Engine's API has at a path.
# Any GET. The same path is asked for once per run; by stats, events and logs --follow at
# most once a second. An answer that cannot be had ends the run: nothing is acted on.
# example: baleen volumes -q '{Name, size: (.Name as $n | engine("/system/df").Volumes[] | select(.Name == $n).UsageData.Size)}'
def engine($path): _get($path);

# containers: each container of the Engine, stopped ones included, as baleen containers -a lists it.
# The list is asked for like engine(PATH).
# example: baleen volumes -q '.Name as $v | {volume: $v, used_by: [containers | select(any(.Mounts[]; .Name == $v)) | name]}'
def containers: _get("/containers/json?all=1");

# images: each image of the Engine, intermediate ones included, as baleen images -a lists it.
# The list is asked for like engine(PATH). Each use goes through the whole list: for a
# container's image there is image, for what uses an image used_by, which look it up.
# example: baleen info -q '[images | select(dangling) | .Size] | add // 0 | human_size' -r
def images: _get("/images/json?all=1");

# volumes: each volume of the Engine.
# The list is asked for like engine(PATH).
# example: baleen info -q '[volumes | select(unused)] | length'
def volumes: _get("/volumes").Volumes[]?;

# networks: each network of the Engine.
# The list is asked for like engine(PATH).
# example: baleen info -q 'networks | select(.Internal) | name' -r
def networks: _get("/networks");

# inspect: the full record of a container, image, volume or network, of a sample's or log line's container, or of what an event is about.
# Where it is the source's kind or --kind that says what a string names, of that. At most one
# request a record. What is gone by now is an error.
# example: baleen containers -q '{name: name, restarts: inspect.RestartCount}'
def inspect: _inspect;

# in_use: whether the Engine would refuse to delete an image, volume or network record, or something still refers to it.
# An image of a container, running or not, or the parent of another image; a volume of a
# container, running or not; a network with endpoints, of a container, running or not, or one
# of the Engine's own; a cluster volume or network of a Swarm's service, also of one with 0
# replicas. Anything else is an error.
# example: baleen volumes -q '{name: name, in_use: in_use}'
def in_use: _in_use;

# unused: the opposite of in_use.
# example: baleen images -q 'select(unused and older_than("30d"))' --delete --dry-run
def unused: _in_use | not;

# used_by: each container, service, image or network record that keeps an image, volume or network in use.
# example: baleen volumes -q '{volume: .Name, used_by: [used_by | name]}'
def used_by: _used_by;

# image: the image record of a container; null if the image is gone.
# The list is asked for once, and looked up by id.
# example: baleen containers -q '{name: name, size: image.Size}'
def image: _image;

## streams

def _lasting($call; $duration; condition): (condition) as $holds | _lasting_at($call; $duration; $holds);

def _burst($call; $n; $duration): _burst_at($call; $n; $duration);

# lasting(DURATION; CONDITION): whether the condition has held for so long without a break, for the resource of the record.
# By the Engine's clock; a resource that is silent for 30 seconds breaks it.
# example: baleen stats -q 'select(lasting("10m"; mem_percent > 95))' --restart --cooldown 1h --dry-run
def lasting($duration; condition): _lasting(-1; $duration; condition);

# burst(N; DURATION): whether the record is the N-th of its resource within the duration; then the count begins anew.
# example: baleen events -f event=die -q 'select(burst(3; "5m"))' --stop --dry-run
def burst($n; $duration): _burst(-1; $n; $duration);

## policies

# Each element that is not the same thing as one before it.
def _distinct: . as $all | [range(length)] | unique_by($all[.] | .Engine?, .Id? // .Name? // .) | sort | map($all[.]);

# beyond_newest(N; KEY): of an array, all but the N newest records of each KEY, in the array's order.
# Of records of one age the first is the newest. A record whose KEY is null or empty is left
# out, one with several (tags | repo) is given only if it is beyond the newest of each.
# example: baleen images -s -q 'map(select(unused)) | beyond_newest(3; tags | repo)[]' --delete --dry-run
def beyond_newest($n; key):
  if ($n | type == "number" and . >= 0 and . == floor) then . else error("beyond_newest: no number of records: \($n | tojson)") end
  | _distinct as $all
  | [range($all | length) as $i | $all[$i] | {i: $i, at: _created, key: (key | values)}]
  | ([group_by(.key)[] | unique_by(.i) | sort_by(-.at, .i)[:$n][] | {key: "\(.i)", value: true}] | from_entries) as $newest
  | map(.i) | unique | map(select($newest["\(.)"] | not) | $all[.]);

# The bytes of a record: its own, and those that it shares with others.
def _size:
  if has("RepoTags") then [.Size, .SharedSize // 0] else [.SizeRw // .UsageData.Size // .Size, 0] end
  | if .[0] | type == "number" and . >= 0 then . else error("beyond_budget: the record has no size") end
  | if .[1] > 0 then {own: (.[0] - .[1]), shared: .[1]} else {own: .[0], shared: 0} end;

# beyond_budget(BYTES; TIME): of an array, the oldest records, until those that stay take no more than a number of bytes, or a text such as "20GB"; TIME is what makes a record old, such as when it was last used, and of several the newest.
# In the array's order. What stays is the sum of an image's Size, a container's SizeRw (--size),
# a volume's UsageData.Size (baleen api /system/df -q '.Volumes[]'). What images share counts
# once where they have SharedSize (--shared-size): the largest of those that stay. With the containerd
# image store a Size has content and snapshot, and SharedSize covers the snapshots only. Of records
# of one age the last is the oldest. A record without a size is an error.
# example: baleen images -s -q 'map(select(unused)) | beyond_budget("20GB"; .Created, (inspect.Metadata.LastTagTime | timestamp?))[]' --delete --dry-run
def beyond_budget($bytes; time):
  (bytes($bytes) | if . < 0 then error("beyond_budget: \(.) bytes are no budget") else . end) as $max
  | _distinct as $all
  | [range($all | length) as $i | $all[$i] | _size + {i: $i, at: ([time | if _never then -62135596800 else timestamp end] | max // error("beyond_budget: TIME gives nothing"))}]
  | sort_by(-.at, .i)
  | [foreach .[] as $r ({own: 0, shared: 0}; {own: (.own + $r.own), shared: ([.shared, $r.shared] | max)}; select(.own + .shared > $max) | $r.i)]
  | sort | map($all[.]);

# beyond_budget(BYTES): the same, where what makes a record old is when it was created.
# example: baleen images --shared-size -s -q 'map(select(unused)) | beyond_budget("20GB")[]' --delete --dry-run
def beyond_budget($bytes): beyond_budget($bytes; _created);
