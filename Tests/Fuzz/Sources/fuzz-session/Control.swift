internal import FuzzSupport

@main
struct Control {
  static func main() { fuzz(check) }
}
