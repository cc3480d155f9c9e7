package demo

// routes is everything that the pretend Engine can do; the first that
// matches answers.
var routes = []route{
	{method: "GET", path: "/_ping", stream: (*Engine).ping},
	{method: "HEAD", path: "/_ping", stream: (*Engine).ping},
	{method: "GET", path: "/events", stream: (*Engine).events},
	{method: "GET", path: "/info", status: 200, answer: (*Engine).info},
	{method: "GET", path: "/plugins", status: 200, answer: (*Engine).listPlugins},
	{method: "GET", path: "/system/df", status: 200, answer: (*Engine).diskUsage},
	{method: "GET", path: "/version", status: 200, answer: (*Engine).version},

	{method: "GET", path: "/images/json", status: 200, answer: (*Engine).listImages},
	{method: "POST", path: "/images/create", stream: (*Engine).createImage},
	{method: "GET", path: "/images/*/json", status: 200, answer: (*Engine).inspectImage},
	{method: "GET", path: "/images/*/history", status: 200, answer: (*Engine).history},
	{method: "POST", path: "/images/*/tag", status: 201, answer: (*Engine).tagImage},
	{method: "DELETE", path: "/images/*", status: 200, answer: (*Engine).deleteImage},

	{method: "GET", path: "/containers/json", status: 200, answer: (*Engine).listContainers},
	{method: "POST", path: "/containers/create", status: 201, answer: (*Engine).createContainer},
	{method: "GET", path: "/containers/*/json", status: 200, answer: (*Engine).inspectContainer},
	{method: "GET", path: "/containers/*/changes", status: 200, answer: (*Engine).changes},
	{method: "GET", path: "/containers/*/logs", stream: (*Engine).logs},
	{method: "GET", path: "/containers/*/stats", stream: (*Engine).stats},
	{method: "GET", path: "/containers/*/top", status: 200, answer: (*Engine).top},
	{method: "POST", path: "/containers/*/kill", status: 204, answer: (*Engine).killContainer},
	{method: "POST", path: "/containers/*/pause", status: 204, answer: (*Engine).pauseContainer},
	{method: "POST", path: "/containers/*/restart", status: 204, answer: (*Engine).restartContainer},
	{method: "POST", path: "/containers/*/start", status: 204, answer: (*Engine).startContainer},
	{method: "POST", path: "/containers/*/stop", status: 204, answer: (*Engine).stopContainer},
	{method: "POST", path: "/containers/*/unpause", status: 204, answer: (*Engine).unpauseContainer},
	{method: "DELETE", path: "/containers/*", status: 204, answer: (*Engine).deleteContainer},

	{method: "GET", path: "/volumes", status: 200, answer: (*Engine).listVolumes},
	{method: "POST", path: "/volumes/create", status: 201, answer: (*Engine).createVolume},
	{method: "GET", path: "/volumes/*", status: 200, answer: (*Engine).inspectVolume},
	{method: "DELETE", path: "/volumes/*", status: 204, answer: (*Engine).deleteVolume},

	{method: "GET", path: "/networks", status: 200, answer: (*Engine).listNetworks},
	{method: "POST", path: "/networks/create", status: 201, answer: (*Engine).createNetwork},
	{method: "GET", path: "/networks/*", status: 200, answer: (*Engine).inspectNetwork},
	{method: "POST", path: "/networks/*/connect", status: 200, answer: (*Engine).connectNetwork},
	{method: "POST", path: "/networks/*/disconnect", status: 200, answer: (*Engine).disconnectNetwork},
	{method: "DELETE", path: "/networks/*", status: 204, answer: (*Engine).deleteNetwork},

	{method: "*", path: "/configs", answer: (*Engine).noSwarm},
	{method: "*", path: "/configs/*", answer: (*Engine).noSwarm},
	{method: "*", path: "/nodes", answer: (*Engine).noSwarm},
	{method: "*", path: "/nodes/*", answer: (*Engine).noSwarm},
	{method: "*", path: "/secrets", answer: (*Engine).noSwarm},
	{method: "*", path: "/secrets/*", answer: (*Engine).noSwarm},
	{method: "*", path: "/services", answer: (*Engine).noSwarm},
	{method: "*", path: "/services/*", answer: (*Engine).noSwarm},
	{method: "*", path: "/swarm", answer: (*Engine).noSwarm},
	{method: "*", path: "/tasks", answer: (*Engine).noSwarm},
	{method: "*", path: "/tasks/*", answer: (*Engine).noSwarm},
}
