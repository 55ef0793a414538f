import Foundation
import TestSupport

@testable import Agent

/// A registry with one image, `team/tool:1`, for those who know a password. A container of the engine's own network, where
/// the engine takes 127.0.0.1 without TLS.
struct TestRegistry {
    /// What the image is pulled as.
    let image: String
    /// What `docker login` would have written.
    let configuration: String

    private static let user = "YWRhOnNlY3JldA=="

    static func with(_ engine: TestEngine, _ body: (TestRegistry) async throws -> Void) async throws {
        let port = Int.random(in: 20_000...30_000)
        var spec = ContainerSpec(image: TestEngine.image)
        spec.entrypoint = ["/bin/sh", "-c"]
        spec.command = [script, "sh", user, "\(port)"]
        spec.host.networkMode = "host"
        // For the loopback interface of an engine in a network of its own.
        spec.host.addedCapabilities = ["NET_ADMIN"]
        let id = try await engine.client.create(spec, name: "skep-test-registry-\(port)")
        let host = "127.0.0.1:\(port)"
        let registry = TestRegistry(
            image: "\(host)/team/tool:1", configuration: #"{"auths":{"\#(host)":{"auth":"\#(user)"}}}"#)
        let result: Result<Void, any Error>
        do {
            try await engine.client.start(id)
            result = .success(try await body(registry))
        } catch {
            result = .failure(error)
        }
        try await engine.client.remove(id)
        try result.get()
    }

    /// Makes the image's layer, configuration and manifest, and answers for them, a process a request.
    private static let script = #"""
        set -e
        ip link set lo up
        mkdir -p /tmp/r/content; cd /tmp/r
        mkdir -p layer/bin; cp /bin/busybox layer/bin/busybox
        ln -s busybox layer/bin/sh; ln -s busybox layer/bin/cat; echo pulled > layer/pulled
        tar -C layer -cf layer.tar .
        diff=$(sha256sum layer.tar | cut -d' ' -f1); gzip -c layer.tar > layer.gz
        blob() { sum=$(sha256sum "$1" | cut -d' ' -f1); mv "$1" content/$sum; echo $sum; }
        size() { wc -c < content/$1; }
        type=application/vnd.docker
        layer=$(blob layer.gz)
        printf '{"architecture":"amd64","os":"linux","config":{},"rootfs":{"type":"layers","diff_ids":["sha256:%s"]}}' \
            $diff > config
        config=$(blob config)
        printf '{"schemaVersion":2,"mediaType":"%s","config":{"mediaType":"%s","size":%s,"digest":"sha256:%s"},' \
            $type.distribution.manifest.v2+json $type.container.image.v1+json $(size $config) $config > manifest
        printf '"layers":[{"mediaType":"%s","size":%s,"digest":"sha256:%s"}]}' \
            $type.image.rootfs.diff.tar.gzip $(size $layer) $layer >> manifest
        manifest=$(blob manifest)
        cat > serve.sh <<EOF
        read -r method path rest
        while read -r name value; do
            value=\${value%?}
            case \$name in Authorization:) auth=\$value ;; ?) break ;; esac
        done
        reply() {
            printf 'HTTP/1.1 %s\r\nConnection: close\r\n' "\$1"; shift
            for line; do printf '%s\r\n' "\$line"; done; printf '\r\n'
        }
        file() {
            reply '200 OK' "Content-Type: \$2" "Content-Length: \$(wc -c < \$1)" \
                "Docker-Content-Digest: sha256:\${1##*/}"
            [ \$method = HEAD ] || cat \$1
        }
        case \$auth:\$path in
            "Basic $1":/v2/) reply '200 OK' 'Content-Length: 0' ;;
            "Basic $1":*/manifests/1|"Basic $1":*/manifests/sha256:$manifest)
                file /tmp/r/content/$manifest $type.distribution.manifest.v2+json ;;
            "Basic $1":*/blobs/*) file /tmp/r/content/\${path##*:} application/octet-stream ;;
            *) reply '401 Unauthorized' 'WWW-Authenticate: Basic realm="test"' 'Content-Length: 0' ;;
        esac
        EOF
        exec nc -ll -p $2 -e /bin/sh /tmp/r/serve.sh
        """#
}
