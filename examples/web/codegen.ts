import type { CodegenConfig } from "@graphql-codegen/cli";

// Types come from the schema file of the repository: no server is needed to build.
export default {
  schema: "../../schema.graphql",
  documents: "src/operations.graphql",
  generates: {
    "src/gql/": {
      preset: "client",
      presetConfig: { fragmentMasking: false },
      config: {
        strictScalars: true,
        useTypeImports: true,
        scalars: { DateTime: "string", Decimal: "string", JSON: "unknown" },
      },
    },
  },
} satisfies CodegenConfig;
