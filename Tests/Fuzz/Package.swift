// swift-tools-version: 6.2
import PackageDescription

/// One program for each fuzz target; `scripts/fuzz` builds and runs them all.
func fuzzer(_ name: String, _ products: [String]) -> Target {
  .executableTarget(
    name: name,
    dependencies: ["FuzzSupport"]
      + products.map { .product(name: $0, package: "ndisprot") },
    swiftSettings: [.treatAllWarnings(as: .error)])
}

let package = Package(
  name: "ndisprot-fuzz",
  dependencies: [.package(name: "ndisprot", path: "../..")],
  targets: [
    .target(name: "CFuzzer"),
    .target(
      name: "FuzzSupport", dependencies: ["CFuzzer"], swiftSettings: [.treatAllWarnings(as: .error)]
    ),
    fuzzer("fuzz-span", ["MDL"]),
    fuzzer("fuzz-mutable", ["MDL"]),
    fuzzer("fuzz-control", ["NdisprotControl"]),
    fuzzer("fuzz-netlink", ["Miniport", "NDIS"]),
    fuzzer("fuzz-capture", ["CaptureFile"]),
    fuzzer("fuzz-decode", ["FrameDecoding"]),
    fuzzer("fuzz-policy", ["NdisprotConfiguration", "NDIS"]),
    fuzzer("fuzz-session", ["NdisprotServer", "NdisprotControl", "NDIS", "MDL"]),
  ],
  swiftLanguageModes: [.v6],
  cLanguageStandard: .gnu17
)
