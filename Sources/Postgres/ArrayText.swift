/// Arrays in PostgreSQL's text form (documentation, 8.15.6), every element quoted.
enum ArrayText {
    static func of(_ values: [String]) -> String {
        var text = "{"
        for value in values {
            if text.utf8.count > 1 { text += "," }
            text += "\""
            for scalar in value.unicodeScalars {
                if scalar == "\"" || scalar == "\\" { text += "\\" }
                text.unicodeScalars.append(scalar)
            }
            text += "\""
        }
        return text + "}"
    }
}
