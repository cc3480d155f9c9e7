# Nothing but the static binary:
#
#   docker build -t baleen .
#   docker run --rm --user 65534:$(stat -c %g /var/run/docker.sock) \
#     -v /var/run/docker.sock:/var/run/docker.sock baleen images
FROM golang:1.26 AS build
WORKDIR /src
COPY go.mod go.sum ./
RUN go mod download
COPY . .
# timetzdata: TZ works where there is no /usr/share/zoneinfo.
RUN CGO_ENABLED=0 go build -trimpath -tags timetzdata,urfave_cli_no_docs -ldflags '-s -w' -o /baleen .

FROM scratch
COPY --from=build /baleen /baleen
# Nobody; the group that the socket belongs to comes with --user.
USER 65534:65534
ENTRYPOINT ["/baleen"]
