package main

import (
	"bytes"
	"fmt"
	"net"
	"net/http"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

// serve is an Engine that listens on a socket for each of counts, which is how
// many images and containers it has. Its records look like those of an Engine
// of API 1.41; there are 10,000 different ones, and two containers of every second image.
func serve(dir string, counts ...int) error {
	failed := make(chan error)
	for _, n := range counts {
		l, err := net.Listen("unix", socket(dir, n))
		if err != nil {
			return err
		}
		go func() { failed <- http.Serve(l, engine(n)) }()
	}
	return <-failed
}

func socket(dir string, n int) string { return filepath.Join(dir, strconv.Itoa(n)+".sock") }

func engine(n int) http.Handler {
	images, containers := list(n, image), list(n, container)
	var samples [100][]byte
	for i := range samples {
		samples[i] = sample(i)
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Api-Version", "1.41")
		w.Header().Set("Content-Type", "application/json")
		switch path := r.URL.Path; {
		case r.Method == http.MethodDelete:
			time.Sleep(5 * time.Millisecond)
			fmt.Fprintf(w, `[{"Deleted":"%s"}]`, filepath.Base(path))
		case strings.HasSuffix(path, "/images/json"):
			images(w)
		case strings.HasSuffix(path, "/containers/json"):
			containers(w)
		case strings.HasSuffix(path, "/stats") && n == 3:
			for i := range 50_000 {
				w.Write(samples[i%100])
			}
		case strings.HasSuffix(path, "/stats"):
			for i := 0; r.Context().Err() == nil; i++ {
				w.Write(samples[i%100])
				w.(http.Flusher).Flush()
				time.Sleep(time.Second)
			}
		case strings.HasSuffix(path, "/json"):
			fmt.Fprintf(w, `{"Id":"%s","Name":"/app-0","State":{"Status":"running","Running":true},"Image":"sha256:%[1]s","Config":{}}`, id(0))
		case strings.HasSuffix(path, "/events"):
			w.(http.Flusher).Flush()
			<-r.Context().Done()
		case strings.HasSuffix(path, "/_ping"):
			fmt.Fprint(w, "OK")
		default:
			http.NotFound(w, r)
		}
	})
}

// list writes an array of n records.
func list(n int, record func(i int) string) func(http.ResponseWriter) {
	different := make([]string, min(n, 10_000))
	for i := range different {
		different[i] = record(i)
	}
	return func(w http.ResponseWriter) {
		var b bytes.Buffer
		separator := "["
		for i := range n {
			b.WriteString(separator)
			b.WriteString(different[i%len(different)])
			separator = ","
			if b.Len() > 60_000 {
				w.Write(b.Bytes())
				b.Reset()
			}
		}
		b.WriteString("]\n")
		w.Write(b.Bytes())
	}
}

func id(i int) string {
	return strings.Repeat(fmt.Sprintf("%016x", uint64(i+1)*0x9E3779B97F4A7C15), 4)
}

func image(i int) string {
	return fmt.Sprintf(`{"Containers":-1,"Created":%d,"Id":"sha256:%s","Labels":{"maintainer":"team-%d \u003cteam-%[3]d@example.com\u003e",`+
		`"org.opencontainers.image.source":"https://example.com/team/app-%[3]d","org.opencontainers.image.version":"1.2.%[3]d"},"ParentId":"",`+
		`"RepoDigests":["registry.example.com/team/app-%[3]d@sha256:%[4]s"],"RepoTags":["registry.example.com/team/app-%[3]d:1.2.%[3]d",`+
		`"registry.example.com/team/app-%[3]d:latest"],"SharedSize":-1,"Size":%[5]d,"VirtualSize":%[5]d}`+"\n", 1700000000+i, id(i), i, id(-i), i%1000*1_000_000+i)
}

func container(i int) string {
	return fmt.Sprintf(`{"Id":"%s","Names":["/app-%d"],"Image":"registry.example.com/team/app-%[8]d:1.2.%[8]d","ImageID":"sha256:%[7]s",`+
		`"Command":"/usr/local/bin/app --listen=:8080 --name=app-%[2]d","Created":%[4]d,"Ports":[{"IP":"0.0.0.0","PrivatePort":8080,"PublicPort":%[5]d,"Type":"tcp"},`+
		`{"IP":"::","PrivatePort":8080,"PublicPort":%[5]d,"Type":"tcp"}],"Labels":{"com.docker.compose.config-hash":"%[3]s","com.docker.compose.container-number":"1",`+
		`"com.docker.compose.oneoff":"False","com.docker.compose.project":"project-%[2]d","com.docker.compose.project.config_files":"/srv/project-%[2]d/compose.yaml",`+
		`"com.docker.compose.project.working_dir":"/srv/project-%[2]d","com.docker.compose.service":"app","com.docker.compose.version":"2.29.1",`+
		`"maintainer":"team-%[2]d \u003cteam-%[2]d@example.com\u003e"},"State":"%[6]s","Status":"Up 3 days","HostConfig":{"NetworkMode":"project-%[2]d_default"},`+
		`"NetworkSettings":{"Networks":{"project-%[2]d_default":{"IPAMConfig":null,"Links":null,"Aliases":null,"NetworkID":"%[3]s","EndpointID":"%[1]s",`+
		`"Gateway":"172.18.0.1","IPAddress":"172.18.0.2","IPPrefixLen":16,"IPv6Gateway":"","GlobalIPv6Address":"","GlobalIPv6PrefixLen":0,"MacAddress":"02:42:ac:12:00:02","DriverOpts":null}}},`+
		`"Mounts":[{"Type":"volume","Name":"project-%[2]d_data","Source":"/var/lib/docker/volumes/project-%[2]d_data/_data","Destination":"/data","Driver":"local","Mode":"rw","RW":true,"Propagation":""}]}`+"\n",
		id(i), i, id(-i), 1700000000+i, 20000+i, []string{"running", "exited", "created"}[i%3], id(i/2), i/2)
}

func sample(i int) []byte {
	each := strings.TrimSuffix(strings.Repeat(fmt.Sprint(1e9+i*5e7, ","), 32), ",")
	cpu := fmt.Sprintf(`{"cpu_usage":{"total_usage":%d,"percpu_usage":[%[3]s],"usage_in_kernelmode":%[1]d,"usage_in_usermode":%[1]d},`+
		`"system_cpu_usage":%[2]d,"online_cpus":32,"throttling_data":{"periods":0,"throttled_periods":0,"throttled_time":0}}`, 32*(1e9+i*5e7), 1e12+i*4e9, each)
	memory := strings.Builder{}
	for _, key := range strings.Fields("active_anon active_file anon anon_thp file file_dirty file_mapped file_writeback inactive_anon inactive_file kernel_stack pgactivate pgdeactivate pgfault pglazyfree pgmajfault pgrefill pgscan pgsteal shmem slab slab_reclaimable slab_unreclaimable sock thp_collapse_alloc unevictable workingset_activate workingset_refault total_active_anon total_active_file total_inactive_anon total_inactive_file") {
		fmt.Fprintf(&memory, `"%s":%d,`, key, 4096*(i+len(key)))
	}
	return fmt.Appendf(nil, `{"read":"2025-01-01T00:00:%02d.123456789Z","preread":"2025-01-01T00:00:00Z","pids_stats":{"current":12},"blkio_stats":{"io_service_bytes_recursive":[`+
		`{"major":8,"minor":0,"op":"Read","value":%d},{"major":8,"minor":0,"op":"Write","value":%[2]d}],"io_serviced_recursive":[],"io_queue_recursive":[],"io_service_time_recursive":[],`+
		`"io_wait_time_recursive":[],"io_merged_recursive":[],"io_time_recursive":[],"sectors_recursive":[]},"num_procs":0,"storage_stats":{},"cpu_stats":%[3]s,"precpu_stats":%[3]s,`+
		`"memory_stats":{"usage":%[2]d,"max_usage":%[2]d,"stats":{%[4]s"writeback":0},"limit":8000000000},"name":"/app","id":"%064[1]x","networks":{"eth0":{"rx_bytes":%[2]d,"rx_packets":1,`+
		`"rx_errors":0,"rx_dropped":0,"tx_bytes":%[2]d,"tx_packets":1,"tx_errors":0,"tx_dropped":0}}}`+"\n", i%60, 1000*i, cpu, memory.String())
}
