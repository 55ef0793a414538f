import Yams

/// The document as a page: operations by tag with their parameters, bodies and replies, then the schemas.
struct ReferencePage {
    private let root: Node

    init(_ root: Node) {
        self.root = root
    }

    var html: String {
        let title = HTML.escaped(root["info"]?["title"]?.string ?? "")
        return """
            <!doctype html>
            <html lang="en">
            <head><meta charset="utf-8"><meta name="viewport" content="width=device-width">
            <title>\(title): the REST API</title>
            <style>\(Self.style)</style></head>
            <body>
            <nav>\(contents)</nav>
            <main>
            <h1>\(title): the REST API</h1>
            \(HTML.prose(root["info"]?["description"]?.string))
            <p>For programs: <a href="openapi.json">openapi.json</a>.</p>
            \(sections)
            <h2 id="schemas">Schemas</h2>
            \(schemas)
            </main>
            </body>
            </html>

            """
    }

    static let style = """
        :root{color-scheme:light dark}body{margin:0 auto;max-width:80rem;display:flex;font:16px/1.5 sans-serif}\
        nav{flex:0 0 17rem;height:100vh;position:sticky;top:0;overflow:auto;padding:1rem;box-sizing:border-box;font-size:.85em}\
        main{min-width:0;padding:1rem}nav ul{list-style:none;padding:0}section{border-top:1px solid #8886;padding:.5rem 0}\
        table{border-collapse:collapse;width:100%}td{border-top:1px solid #8884;padding:.2rem .5rem .2rem 0;vertical-align:top}\
        pre{overflow:auto;background:#8882;padding:.5rem}code{font-family:monospace}.method{font-weight:bold}\
        @media(max-width:50rem){body{display:block}nav{position:static;height:auto}}
        """

    private var operations: [DocumentedOperation] { DocumentedOperation.all(in: root) }

    private var tags: [(name: String, description: String)] {
        (root["tags"]?.sequence ?? []).compactMap { tag in
            tag["name"]?.string.map { ($0, tag["description"]?.string ?? "") }
        }
    }

    private var contents: String {
        let groups = tags.map { tag in
            let links = operations.filter { $0.tag == tag.name }.map { operation in
                "<li><a href=\"#\(operation.id)\">\(HTML.escaped(operation.summary))</a></li>"
            }
            return "<b>\(HTML.escaped(tag.name))</b><ul>\(links.joined())</ul>"
        }
        return groups.joined() + "<a href=\"#schemas\">Schemas</a>"
    }

    private var sections: String {
        tags.map { tag in
            let parts = operations.filter { $0.tag == tag.name }.map(section)
            return "<h2>\(HTML.escaped(tag.name))</h2>\(HTML.prose(tag.description))\n\(parts.joined(separator: "\n"))"
        }.joined(separator: "\n")
    }

    private func section(_ operation: DocumentedOperation) -> String {
        """
        <section id="\(operation.id)"><h3>\(HTML.escaped(operation.summary))</h3>
        <p><code><span class="method">\(operation.method)</span> \(HTML.escaped(operation.path))</code></p>
        \(HTML.prose(operation.description))<p>\(HTML.escaped(operation.needs))</p>
        \(parameters(of: operation))\(body(of: operation))\(replies(of: operation))</section>
        """
    }

    private func parameters(of operation: DocumentedOperation) -> String {
        let rows = operation.parameters.map { parameter in
            let name = parameter["name"]?.string ?? ""
            let place = parameter["in"]?.string ?? ""
            let description = HTML.inline(parameter["description"]?.string ?? "")
            return [
                "<code>\(HTML.escaped(name))</code>", HTML.escaped(place), SchemaText(parameter["schema"]).html,
                description,
            ]
        }
        return HTML.table("Parameters", rows)
    }

    private func body(of operation: DocumentedOperation) -> String {
        guard let body = operation.node["requestBody"] else { return "" }
        return "<h4>Body</h4>\(HTML.prose(body["description"]?.string))\(content(of: body))"
    }

    private func replies(of operation: DocumentedOperation) -> String {
        let rows = (operation.node["responses"]?.mapping ?? [:]).map { status, reply in
            let reply = root.resolving(reply)
            return [
                HTML.escaped(status.string ?? ""), HTML.inline(reply["description"]?.string ?? ""), content(of: reply),
            ]
        }
        return HTML.table("Replies", rows)
    }

    /// Each media type with its schema and example.
    private func content(of node: Node) -> String {
        (node["content"]?.mapping ?? [:]).map { type, media in
            let example = media["example"].map(Self.example) ?? ""
            return "<code>\(HTML.escaped(type.string ?? ""))</code> \(SchemaText(media["schema"]).html)\(example)"
        }.joined(separator: "<br>")
    }

    private static func example(_ node: Node) -> String {
        let text = node.string ?? (try? NodeJSON.text(of: node)) ?? ""
        return "<details><summary>Example</summary><pre>\(HTML.escaped(text))</pre></details>"
    }

    private var schemas: String {
        (root["components"]?["schemas"]?.mapping ?? [:]).map { name, schema in
            let name = HTML.escaped(name.string ?? "")
            let required = Set((schema["required"]?.sequence ?? []).compactMap(\.string))
            let rows = (schema["properties"]?.mapping ?? [:]).map { field, value in
                let field = field.string ?? ""
                return [
                    "<code>\(HTML.escaped(field))</code>", SchemaText(value).html,
                    required.contains(field) ? "always" : "", HTML.inline(value["description"]?.string ?? ""),
                ]
            }
            let whole = schema["properties"] == nil ? "<p>\(SchemaText(schema).html)</p>" : ""
            let example = schema["examples"]?.sequence?.first.map(Self.example) ?? ""
            return "<section id=\"schema-\(name)\"><h3>\(name)</h3>\(HTML.prose(schema["description"]?.string))"
                + whole + HTML.table("Fields", rows) + example + "</section>"
        }.joined(separator: "\n")
    }
}
