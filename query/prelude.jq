# tags: each tag of an image; nothing if it has none.
# example: baleen images -q tags -r
def tags: .RepoTags?[]? | strings | select(. != "<none>:<none>");

# name: what the record is called: a container's name without its slash, an image's first tag, the name of a volume or network, of the container of a sample or log line, of what an event is about; null if there is none.
# example: baleen containers -a -q name -r
def name:
  first(
    (.Names?[0]?, .Name?, .name?, .container?, .Actor?.Attributes?.name?, .Actor?.ID?, tags)
    | strings | select(. != "") | ltrimstr("/")
  ) // null;

# dangling: whether the record is an image without a tag.
# example: baleen images -a -q 'select(dangling) | short_id' -r
def dangling: type == "object" and has("RepoTags") and isempty(tags);

# label(KEY): the value of a label of an image, container, volume, network or Swarm object, or of what an event is about; null if it has no such label.
# example: baleen containers -q '{name: name, team: label("team")}'
def label($key):
  first((.Labels?, .Config?.Labels?, .Spec?.Labels?, .Actor?.Attributes?) | objects | .[$key] | values) // null;

# short_id: the first 12 digits of the record's id; null if it has none.
# example: baleen images -q '{id: short_id, Size}'
def short_id: first((.Id?, .ID?, .id?, .Actor?.ID?) | strings | ltrimstr("sha256:") | .[:12]) // null;
