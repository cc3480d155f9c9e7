package command

import (
	"cmp"
	"fmt"
	"regexp"
	"slices"
	"strings"
)

// What people type who know docker, kubectl, gh or jq, and what it is here.
// Each answer is the line to type.

// try is a usage error with the line to type instead.
func try(what, line string) error { return usage("%s\ntry: %s", what, line) }

// quoteWords writes words as sh reads them.
func quoteWords(words ...string) string {
	quoted := make([]string, len(words))
	for i, w := range words {
		quoted[i] = w
		if w == "" || strings.ContainsFunc(w, func(r rune) bool {
			return !strings.ContainsRune("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_@%+=:,./-", r)
		}) {
			quoted[i] = "'" + strings.ReplaceAll(w, "'", `'\''`) + "'"
		}
	}
	return strings.Join(quoted, " ")
}

// verbs are docker's commands: NAME stands for what is named, REST for the words
// after the first name, SOURCE for the noun before the verb.
func verbs() map[string]string {
	return map[string]string{
		"ls": "SOURCE", "list": "SOURCE", "get": "SOURCE",
		"rm": "SOURCE NAME ALL --delete", "remove": "SOURCE NAME ALL --delete", "delete": "SOURCE NAME ALL --delete", "rmi": "images NAME --delete",
		"stop": "SOURCE NAME --stop", "start": "SOURCE NAME -a --start", "restart": "SOURCE NAME --restart", "kill": "SOURCE NAME --kill",
		"pause": "SOURCE NAME --pause", "unpause": "SOURCE NAME --unpause", "tag": "images NAME --tag REST", "exec": "containers NAME --exec 'REST'",
		"inspect": "inspect NAME", "describe": "inspect NAME", "logs": "logs NAME", "stats": "stats NAME", "top": "top NAME", "history": "history NAME",
		"diff": "changes NAME", "port": "containers NAME -q '.Ports[]'", "pull": "pull NAME", "events": "events", "info": "info", "df": "df",
		"wait":   "events -f container=NAME -f event=die -q 'limit(1; inputs)' -n",
		"rename": "containers NAME --request 'POST /containers/\\(.Id)/rename?name=REST'",
		"cat":    "read NAME", "watch": "events",
		"system prune": "images -q 'select(dangling and unused)' --delete --dry-run", "prune": "images -q 'select(dangling and unused)' --delete --dry-run",
		"images prune":     "images -q 'select(dangling and unused)' --delete --dry-run",
		"containers prune": "containers -a -f status=exited --delete --dry-run",
		"volumes prune":    "volumes -q 'select(unused and label(\"com.docker.volume.anonymous\") != null)' --delete --dry-run",
		"networks prune":   "networks -q 'select(unused)' --delete --dry-run",
		"builder prune":    "buildcache -q 'select(.InUse | not)' --delete --dry-run",
		"buildx prune":     "buildcache -q 'select(.InUse | not)' --delete --dry-run",
		"buildx du":        "buildcache", "system df": "df", "system info": "info", "system events": "events",
		"compose ps": "containers -f label=com.docker.compose.project", "compose ls": "containers -q 'label(\"com.docker.compose.project\") // empty' -r",
		"compose logs": "logs -f label=com.docker.compose.project", "services ps": "tasks -f service=NAME", "stack ls": "services", "stack services": "services -f label=com.docker.stack.namespace=NAME",
		"nodes ps": "tasks -f node=NAME", "context ls": "version --all-contexts",
	}
}

// onlyDocker are docker's commands that have no counterpart.
func onlyDocker() []string {
	return []string{
		"build", "buildx", "push", "login", "logout", "search", "commit", "cp", "attach", "create", "update", "save", "load", "import", "export",
		"compose", "swarm", "stack", "context", "manifest", "trust", "init", "scout",
	}
}

// runFlags are flags of docker run.
func runFlags() []string {
	return []string{"-i", "-t", "-it", "-ti", "-d", "-p", "-v", "-e", "-u", "-w", "--rm", "--name", "--network", "--volume", "--publish", "--env", "--detach", "--restart", "--privileged"}
}

// nouns are other words for sources.
func nouns() map[string]string {
	return map[string]string{
		"pod": "containers", "pods": "containers", "po": "containers", "builder": "buildcache", "cache": "buildcache", "build-cache": "buildcache",
		"svc": "services", "no": "nodes", "process": "top", "processes": "top", "layers": "history", "du": "df", "log": "logs", "event": "events", "stat": "stats",
	}
}

// guessSource answers a line whose first word is not a command.
func guessSource(commands []Command, names, args []string) error {
	word := names[0]
	what := fmt.Sprintf("unknown source %q", word)
	if word == "docker" || word == "kubectl" {
		rest := args[slices.Index(args, word)+1:]
		if len(rest) > 0 && rest[0] == "run" {
			return try(what, "docker "+quoteWords(rest...))
		}
		_, err := Arrange(rest, commands)
		if err == nil {
			return try(what, strings.TrimSpace("baleen "+quoteWords(rest...)))
		} else if _, line, ok := strings.Cut(err.Error(), "\ntry: "); ok {
			return try(what, line)
		}
		return nil
	}
	if i := slices.Index(args, "-c"); i >= 0 && i+1 < len(args) && args[i+1] == word && len(names) > 1 {
		return try(what, "baleen --context "+quoteWords(word, names[1]))
	}
	return guessVerb(commands, what, "", names, args)
}

// guessVerb answers words of docker's that begin with a verb, or with a noun
// and a verb.
func guessVerb(commands []Command, what, noun string, names, args []string) error {
	source := func(word string) string {
		if c := find(commands, word); c != nil {
			return c.Name
		}
		return nouns()[word]
	}
	verb, rest := names[0], names[1:]
	if noun == "" && len(rest) > 0 {
		if verbs()[verb+" "+rest[0]] != "" {
			verb, rest = verb+" "+rest[0], rest[1:]
		} else if found := source(verb); found != "" && verbs()[rest[0]] != "" { // image rm
			noun, verb, rest = found, rest[0], rest[1:]
		} else if found := source(rest[0]); found != "" && slices.Contains([]string{"get", "describe", "delete", "list", "ls", "rm"}, verb) { // get pods
			noun, rest = found, rest[1:]
		}
	}
	template := cmp.Or(verbs()[noun+" "+verb], verbs()[verb])
	if noun == "" && slices.Contains(onlyDocker(), verb) {
		return try(what+": baleen reads, filters and acts on what exists", "docker "+quoteWords(args[slices.Index(args, verb):]...))
	}
	if template == "" {
		if found := source(verb); found != "" {
			return try(what, strings.TrimSpace("baleen "+found+" "+quoteWords(rest...)))
		}
		return nil
	}
	// -f takes a value here, so names are looked for in the words as they came.
	if i := slices.Index(args, verb[strings.LastIndex(verb, " ")+1:]); i >= 0 && len(rest) == len(names)-1 {
		var flags string
		rest, flags = verbFlags(verb, args[i+1:])
		template += flags
		if !strings.Contains(template, "REST") {
			rest = slices.DeleteFunc(rest, func(word string) bool { return strings.HasPrefix(word, "-") })
		}
		for len(rest) > 0 && strings.HasPrefix(rest[0], "-") {
			rest = rest[1:]
		}
	}
	name, more := "NAME", "..."
	if len(rest) > 0 {
		name = quoteWords(rest...)
	}
	if strings.Contains(template, "REST") && len(rest) > 1 {
		name, more = quoteWords(rest[0]), strings.ReplaceAll(quoteWords(rest[1:]...), "'", `'\''`)
	}
	all := ""
	if noun == "" || noun == "containers" {
		all = " -a"
	}
	if strings.Contains(template, "--delete") && !strings.Contains(template, "--dry-run") && slices.ContainsFunc(args, func(a string) bool { return a == "--force" || a == "-f" || a == "-rf" || a == "-fv" }) {
		template += " --force"
	}
	if template == "SOURCE" && len(rest) == 0 {
		name = ""
	} else if template == "SOURCE" {
		template = "SOURCE NAME"
	}
	line := strings.NewReplacer("SOURCE", cmp.Or(noun, "containers"), " ALL", all, "NAME", name, "REST", more).Replace(template)
	return try(what, "baleen "+line)
}

// verbFlags takes the flags of docker's verbs out of words that have a
// counterpart, and returns those.
func verbFlags(verb string, words []string) (rest []string, flags string) {
	counterparts := map[string]map[string]string{
		"stop": {"-t": "timeout", "--time": "timeout", "--timeout": "timeout"}, "restart": {"-t": "timeout", "--time": "timeout", "--timeout": "timeout"},
		"kill": {"-s": "signal", "--signal": "signal"}, "rm": {"-v": "volumes", "--volumes": "volumes"},
	}
	for i := 0; i < len(words); i++ {
		flag, value, joined := strings.Cut(words[i], "=")
		own := counterparts[verb][flag]
		if own == "" {
			rest = append(rest, words[i])
			continue
		}
		flags += " --" + own
		if own != "volumes" {
			if !joined && i+1 < len(words) {
				i++
				value = words[i]
			}
			flags += " " + quoteWords(value)
		}
	}
	return rest, flags
}

// names of other tools' flags, and what to type for them here; SOURCE is the
// source of the line.
func flagGuesses() map[string]string {
	return map[string]string{
		"format": "SOURCE -o table", "template": "SOURCE -o table", "no-trunc": "SOURCE", "json": "SOURCE",
		"quiet": "SOURCE -q ID -r", "names-only": "SOURCE -q name -r", "name-only": "SOURCE -q name -r",
		"debug": "SOURCE --trace", "D": "SOURCE --trace", "log-level": "SOURCE --trace", "verbose": "SOURCE --trace", "v": "SOURCE --trace",
		"all-namespaces": "SOURCE -a", "A": "SOURCE -a", "selector": "SOURCE -f label=KEY=VALUE", "l": "SOURCE -f label=KEY=VALUE", "label": "SOURCE -f label=KEY=VALUE",
		"field-selector": "SOURCE -f KEY=VALUE", "where": "SOURCE -q 'select(...)'", "sort-by": "SOURCE -t --sort COLUMN",
		"watch": "events", "w": "events", "tail": "logs NAME --tail COUNT", "n": "logs NAME --tail COUNT", "since": "logs NAME --since 1h", "follow": "logs NAME --follow",
		"rm": "SOURCE NAME --delete", "remove": "SOURCE NAME --delete",
		"simulate": "SOURCE NAME --delete --dry-run",
		"limit":    "SOURCE | head -COUNT", "raw": "SOURCE -q name -r", "wide": "SOURCE -o table", "no-header": "SOURCE -t --no-headers", "no-heading": "SOURCE -t --no-headers",
		"signal": "containers NAME --kill --signal HUP", "time": "containers NAME --stop --timeout 10", "size": "containers --size",
		"i": "containers NAME --exec COMMAND", "it": "containers NAME --exec COMMAND", "timestamps": "logs NAME -q '\"\\(.time) \\(.line)\"' -r",
		"last": "containers --last COUNT", "latest": "containers -l", "type": "inspect NAME --kind container",
		"volumes": "containers NAME -a --delete --volumes", "force": "SOURCE NAME --delete --force",
	}
}

// flagValues are those of them that take a value, and what it replaces.
func flagValues() map[string]string {
	return map[string]string{
		"tail": "COUNT", "n": "COUNT", "limit": "COUNT", "last": "COUNT", "sort-by": "COLUMN", "field-selector": "KEY=VALUE", "since": "1h", "signal": "HUP",
		"time": "10", "type": "container", "log-level": "",
	}
}

// id is the filter that gives what docker's --quiet prints of a source.
func id(source string) string {
	switch source {
	case "volumes":
		return ".Name"
	case "services", "tasks", "nodes", "secrets", "configs", "buildcache":
		return ".ID"
	}
	return ".Id"
}

// guessFlag answers a flag that the command does not have.
func guessFlag(c *Command, names []string, flag, value string, has func(string) bool) string {
	subject := func(but string) string {
		named := slices.DeleteFunc(slices.Clone(names), func(n string) bool { return n == but })
		return strings.TrimSpace(c.Name + " " + quoteWords(named...))
	}
	name := strings.TrimLeft(flag, "-")
	if len(name) > 1 && strings.HasPrefix(flag, "-") && !strings.HasPrefix(flag, "--") && flag != "-it" {
		name = name[:1]
	}
	if slices.Contains([]string{"format", "template", "f"}, name) && strings.Contains(value, "{{") {
		return "baleen " + subject(value) + " " + fromTemplate(value)
	}
	if name == "quiet" && c.Name == "pull" {
		return "baleen " + subject("") + " -q empty"
	}
	if name == "json" && value != "" && !strings.HasPrefix(value, "-") { // gh's
		return "baleen " + subject(value) + " -o table --columns " + quoteWords(value)
	}
	if name == "format" && (value == "json" || value == "'json'") || name == "json" {
		return "baleen " + subject(value)
	}
	if regexp.MustCompile(`^[0-9]+$`).MatchString(name) && c.Name == "logs" {
		return "baleen " + subject("") + " --tail " + name
	}
	if (name == "selector" || name == "l" || name == "label") && strings.Contains(value, "=") && has("filter") {
		return "baleen " + subject(value) + " -f label=" + quoteWords(value)
	}
	line := strings.NewReplacer("SOURCE", c.Name, "ID", id(c.Name)).Replace(flagGuesses()[name])
	if placeholder, takes := flagValues()[name]; takes && value != "" && !strings.HasPrefix(value, "-") {
		names = slices.DeleteFunc(slices.Clone(names), func(n string) bool { return n == value })
		if placeholder != "" {
			line = strings.ReplaceAll(line, placeholder, quoteWords(strings.TrimPrefix(value, ".")))
		}
	}
	for _, word := range strings.Fields(line) { // what this source does not have is no answer
		long, found := strings.CutPrefix(word, "--")
		if !found && word != "-a" && word != "-f" {
			continue
		}
		if strings.HasPrefix(line, c.Name) && !has(cmp.Or(long, strings.TrimPrefix(word, "-"))) && !has(strings.TrimPrefix(word, "-")) {
			return ""
		}
	}
	if line == "" {
		return ""
	}
	if len(names) > 0 {
		if strings.Contains(line, "NAME") {
			line = strings.ReplaceAll(line, "NAME", quoteWords(names...))
		} else if rest, ok := strings.CutPrefix(line, c.Name); ok {
			line = subject("") + rest
		}
	}
	return "baleen " + line
}

// fromTemplate gives the flags for one of docker's templates.
func fromTemplate(template string) string {
	var fields []string
	field := regexp.MustCompile(`{{[^{}]*?\.([A-Za-z_][\w.]*)[^{}]*}}`)
	for _, m := range field.FindAllStringSubmatch(template, -1) {
		fields = append(fields, m[1])
	}
	own := map[string]string{"Names": "name", "Name": "name", "ID": "short_id", "Repository": "repo", "Tag": "tag", "CPUPerc": "cpu_percent", "MemPerc": "mem_percent"}
	switch {
	case len(fields) == 0:
		return "-q ."
	case strings.HasPrefix(template, "table"):
		return "-o table --columns " + strings.Join(fields, ",")
	case len(fields) > 1:
		return "-o tsv --columns " + strings.Join(fields, ",")
	}
	return "-q " + cmp.Or(own[fields[0]], "."+fields[0]) + " -r"
}

// guessValue answers the value of a flag that means something elsewhere.
func guessValue(c *Command, flag, value string) error {
	line := "baleen " + c.Name + " "
	what := fmt.Sprintf("%s: --%s %s", c.Name, flag, quoteWords(value))
	kind, path, _ := strings.Cut(value, "=")
	switch {
	case flag == "filter" && strings.Contains(value, "{{"):
		return try(what+": a filter is KEY=VALUE", line+fromTemplate(value))
	case flag == "filter" && strings.HasPrefix(value, "."):
		return try(what+": -f is the Engine's filter KEY=VALUE", line+"-q "+quoteWords(value))
	case flag == "filter" && value == "dangling":
		return try(what+": -f takes KEY=VALUE", line+"-f dangling=true")
	case flag == "filter" && c.Name == "events" && !strings.ContainsAny(value, "= "):
		return try(what+": -f takes KEY=VALUE", line+"-f event="+quoteWords(value))
	case flag == "filter" && slices.Contains([]string{"created", "restarting", "running", "paused", "exited", "dead"}, value):
		return try(what+": -f takes KEY=VALUE", line+"-f status="+value)
	case flag != "output":
		return nil
	}
	switch kind {
	case "wide", "text", "plain", "pretty":
		line += "-o table"
	case "name", "names":
		line += "-q name -r"
	case "id", "ids", "quiet":
		line += "-q " + id(c.Name) + " -r"
	case "jsonpath":
		path = strings.ReplaceAll(path, "items[*].", "")
		if m := regexp.MustCompile(`^\{?(\.[^{}]*?)\}?$`).FindStringSubmatch(path); m != nil {
			path = m[1]
		}
		line += "-q " + quoteWords(path) + " -r"
	case "custom-columns":
		var columns []string
		for column := range strings.SplitSeq(path, ",") {
			_, field, _ := strings.Cut(column, ":")
			columns = append(columns, strings.TrimPrefix(field, "."))
		}
		line += "-o table --columns " + strings.Join(columns, ",")
	case "go-template", "template":
		line += fromTemplate(path)
	case "jsonl", "jsonlines", "compact":
		line += "-o ndjson"
	default:
		return nil
	}
	return try(what+" does not exist", line)
}

// guessShort answers docker's -q (--quiet) and, of logs, -f (--follow), which
// take a value here; value is the word after it, if none is missing.
func guessShort(c *Command, args, names []string, flag, value string, missing bool) error {
	after := missing || regexp.MustCompile(`^(-[A-Za-z]|--[a-z][a-z-]*)$`).MatchString(value) // the next flag, or nothing
	joined := value != "" && (slices.Contains(args, "-q"+value) || slices.Contains(args, "-f"+value))
	switch {
	case flag == "jq" && (after || joined && regexp.MustCompile(`^[a-z]$`).MatchString(value)):
		short := regexp.MustCompile(`^-[a-z]?q[a-z]?$`)
		if i := slices.IndexFunc(args, short.MatchString); i >= 0 {
			words := slices.DeleteFunc(slices.Clone(args[:i]), func(word string) bool { return word == "ls" })
			if rest := strings.Replace(args[i], "q", "", 1); rest != "-" {
				words = append(words, rest)
			}
			return try(c.Name+": -q requires a jq filter", "baleen "+quoteWords(slices.Concat(words, []string{"-q", id(c.Name), "-r"}, args[i+1:])...))
		}
	case flag == "filter" && c.Name == "logs" && !strings.Contains(value, "="):
		if !after && !joined {
			names = append([]string{value}, names...)
		}
		return try("logs: -f is the Engine's filter KEY=VALUE", strings.TrimSpace("baleen logs "+quoteWords(names...))+" --follow")
	}
	return nil
}

// guessNames answers names that are something else in other tools.
func guessNames(c *Command, commands []Command, args, flags, names []string) error {
	if c.Args == "" || strings.Contains(c.Args, "FILE") || strings.Contains(c.Args, "PATH") || c.Choices != nil {
		if c.Name == "events" && len(names) > 0 && !strings.HasPrefix(names[0], ".") {
			return try("events takes no names; a container is -f", "baleen events -f container="+quoteWords(names[0]))
		}
		if c.Args == "" && len(names) > 0 && strings.HasPrefix(names[0], ".") {
			return try(fmt.Sprintf("%s takes no names; a filter is -q", c.Name), "baleen "+c.Name+" -q "+quoteWords(names[0]))
		}
		return nil
	}
	has := func(flag string) bool { return slices.Contains(flags, "--"+flag) }
	for i, n := range names {
		others := quoteWords(slices.Concat(names[:i], names[i+1:])...)
		before := strings.TrimSpace("baleen " + c.Name + " " + others)
		switch {
		case strings.HasPrefix(n, ".") || strings.HasPrefix(n, "[") || strings.Contains(n, " | ") || strings.HasPrefix(n, "select("):
			return try(fmt.Sprintf("%s: %s is not a name; a filter is -q", c.Name, quoteWords(n)), before+" -q "+quoteWords(n))
		case strings.Contains(n, "{{"):
			return try(fmt.Sprintf("%s: %s is not a name", c.Name, quoteWords(n)), before+" "+fromTemplate(n))
		case c.Name == "logs" && has("null-input") && regexp.MustCompile(`^\d+$`).MatchString(n):
			return try("logs: -n is jq's --null-input", before+" --tail "+n)
		case strings.Contains(n, "=") && (has("latest") || has("filter")):
			return try(fmt.Sprintf("%s: %q is not a name", c.Name, n), before+" -f label="+quoteWords(n))
		case strings.Contains(n, "=") && !strings.Contains(n, "://"):
			return try(fmt.Sprintf("%s: %q is not a name (if it is, put -- before it)", c.Name, n), before+" -f "+quoteWords(n))
		}
	}
	nouns := map[string]string{"containers": "container", "images": "image", "volumes": "volume", "networks": "network"}
	if noun := nouns[c.Name]; noun != "" && len(names) > 1 && slices.Contains([]string{"create", "connect", "disconnect", "build", "push", "save", "load", "commit", "cp"}, names[0]) {
		return try(fmt.Sprintf("%s: %q is not a name (if it is, put -- before it)", c.Name, names[0]), "docker "+noun+" "+quoteWords(args[slices.Index(args, names[0]):]...))
	}
	if len(names) > 0 && (verbs()[c.Name+" "+names[0]] != "" || slices.Contains([]string{"ls", "list", "rm", "remove", "prune", "inspect", "stop", "start", "restart", "kill", "logs", "stats", "top", "diff", "exec", "history", "tag", "pull"}, names[0])) && c.Name != "pull" {
		return guessVerb(commands, fmt.Sprintf("%s: %q is not a name (if it is, put -- before it)", c.Name, names[0]), c.Name, names, args)
	}
	return nil
}
