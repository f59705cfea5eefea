// swift-tools-version: 6.2
import PackageDescription

// A client of MDL as any other: it needs neither the Lifetimes feature nor strict memory safety.
let package = Package(
  name: "mdl-bench",
  dependencies: [.package(name: "ndisprot", path: "../../..")],
  targets: [
    .target(name: "CMDLPeer"),
    .executableTarget(
      name: "mdlbench", dependencies: ["CMDLPeer", .product(name: "MDL", package: "ndisprot")],
      swiftSettings: [.treatAllWarnings(as: .error)]),
  ],
  swiftLanguageModes: [.v6],
  cLanguageStandard: .gnu17
)
