import { defineConfig } from "vite";

// JSX needs no plugin: esbuild and its successors follow tsconfig.json.
export default defineConfig({ base: "./" });
