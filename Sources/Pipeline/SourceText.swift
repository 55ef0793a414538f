/// The text of a file, once it is known to be text.
enum SourceText {
    /// The file as a string, without a byte order mark.
    static func checked(_ bytes: [UInt8]) throws(ConfigurationError) -> String {
        guard bytes.count <= YAMLLimits.bytes else {
            throw ConfigurationError(
                at: .start, "the file has \(bytes.count) bytes; make it at most \(YAMLLimits.bytes)")
        }
        var place = Place.start
        var text = String.UnicodeScalarView()
        var decoder = UTF8()
        var input = bytes.makeIterator()
        while case let decoded = decoder.decode(&input), decoded != .emptyInput {
            let scalar = try allowed(decoded, at: place)
            place = place.after(scalar)
            text.append(scalar)
        }
        if text.first == "\u{FEFF}" { text.removeFirst() }
        return String(text)
    }

    private static func allowed(
        _ decoded: UnicodeDecodingResult, at place: Place
    ) throws(ConfigurationError) -> Unicode.Scalar {
        guard case .scalarValue(let scalar) = decoded else {
            throw ConfigurationError(at: place, "the file is not UTF-8 from here on; save it as UTF-8")
        }
        guard isPrintable(scalar) else {
            let code = String(scalar.value, radix: 16, uppercase: true)
            throw ConfigurationError(at: place, "the control character U+\(code) cannot stand here; remove it")
        }
        return scalar
    }

    /// YAML 1.1, 5.1: what a file may have.
    private static func isPrintable(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.value {
        case 0x09, 0x0A, 0x0D, 0x20...0x7E, 0x85, 0xA0...0xD7FF, 0xE000...0xFFFD, 0x10000...0x10FFFF: true
        default: false
        }
    }
}

extension Place {
    fileprivate func after(_ scalar: Unicode.Scalar) -> Place {
        scalar == "\n" ? Place(line: line + 1, column: 1) : Place(line: line, column: column + 1)
    }
}
