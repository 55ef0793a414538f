/// The text of the `post-receive` hook: POSIX sh that needs nothing but coreutils and git.
enum PostReceive {
    /// What tells our hook from others; its second line starts with it.
    private static let marker = "# skep:post-receive"
    /// What a hook that was there before ours is called meanwhile.
    static let suffixOfEarlier = ".before-skep"

    static func isOurs(_ script: [UInt8]) -> Bool {
        script.split(separator: UInt8(ascii: "\n"), maxSplits: 2).dropFirst().first?.starts(with: marker.utf8) == true
    }

    /// - Parameter executable: absolute path of the `skep` program.
    static func script(executable: String) -> String {
        """
        #!/bin/sh
        \(marker) 1. Written by Skep, and again whenever the repository is activated: changes are lost.
        # Keeps what was pushed in skep/spool, then lets Skep deliver it. It never fails a push.
        skep=\(quoted(executable))
        directory=$(cd "${GIT_DIR:-.}" && pwd -P) || exit 0
        pushed=$(cat)

        # The name of a push sorts by time and holds its delivery id, a random UUID.
        keep() (
            umask 077
            set -- $(od -An -v -N16 -tx2 /dev/urandom)
            name="$(date -u +%s.%N)-$1$2-$3-4${4#?}-a${5#?}-$6$7$8"
            spool="$directory/skep/spool"
            mkdir -p "$spool" 2>/dev/null || exit 1
            if printf '%s\\n' "$pushed" 2>/dev/null >"$spool/$name.tmp"; then
                sync -d "$spool/$name.tmp" 2>/dev/null
                mv "$spool/$name.tmp" "$spool/$name.push" && exit 0
            fi
            rm -f "$spool/$name.tmp"
            exit 1
        )

        fate=kept
        if ! keep; then
            fate=lost
            echo "skep: this push could not be written down; Skep builds it when it next compares branches"
        fi

        status=0
        earlier="$directory/hooks/post-receive\(suffixOfEarlier)"
        if [ -x "$earlier" ]; then
            printf '%s\\n' "$pushed" 2>/dev/null | "$earlier" "$@"
            status=$?
        fi

        if [ -x "$skep" ]; then
            "$skep" deliver "$directory" </dev/null
        elif [ "$fate" = kept ]; then
            echo "skep: $skep is not there; the push is kept and will be delivered later"
        fi
        exit "$status"

        """
    }

    private static func quoted(_ text: String) -> String {
        "'" + text.split(separator: "'", omittingEmptySubsequences: false).joined(separator: "'\\''") + "'"
    }
}
