// swift-tools-version: 6.2
import PackageDescription

// The libraries alone, beside C in one process, and a client that does what the end-to-end bench asks.
// They are clients as any other: they need neither the Lifetimes feature nor strict memory safety.
let settings: [SwiftSetting] = [.treatAllWarnings(as: .error)]

let package = Package(
  name: "library-bench",
  dependencies: [.package(name: "ndisprot", path: "../../..")],
  targets: [
    .target(name: "CMeasure"),
    .target(name: "CMDLPeer"),
    .target(name: "CWDFPeer"),
    .executableTarget(
      name: "mdlbench",
      dependencies: ["CMDLPeer", "CMeasure", .product(name: "MDL", package: "ndisprot")],
      swiftSettings: settings),
    .executableTarget(
      name: "wdfbench",
      dependencies: ["CWDFPeer", "CMeasure", .product(name: "WDF", package: "ndisprot")],
      swiftSettings: settings),
    .executableTarget(
      name: "benchclient",
      dependencies: [.product(name: "NdisprotClient", package: "ndisprot")],
      swiftSettings: settings),
  ],
  swiftLanguageModes: [.v6],
  cLanguageStandard: .gnu17
)
