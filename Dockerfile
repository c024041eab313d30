# dossier in one static binary, on nothing but certificates.
FROM golang:1.26-bookworm AS build
WORKDIR /src
COPY go.mod go.sum ./
RUN go mod download
COPY . .
RUN CGO_ENABLED=0 go build -trimpath -buildvcs=false -ldflags='-s -w' -o /out/dossier ./cmd/dossier

FROM scratch
COPY --from=build /etc/ssl/certs/ca-certificates.crt /etc/ssl/certs/ca-certificates.crt
COPY --from=build /out/dossier /dossier
USER 65532:65532
EXPOSE 8080
ENV HTTP_ADDR=0.0.0.0:8080
HEALTHCHECK --interval=5s --timeout=3s --start-period=30s --retries=6 CMD ["/dossier", "health"]
ENTRYPOINT ["/dossier"]
CMD ["serve"]
