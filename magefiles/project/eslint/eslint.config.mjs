// What is checked beside the types, which vue-tsc checks: mistakes that run, not taste.
import js from "@eslint/js"
import vue from "eslint-plugin-vue"
import globals from "globals"
import ts from "typescript-eslint"

export default ts.config(
  { ignores: ["**/node_modules/", "**/dist/", "**/clients/", "**/uplot*.js", "internal/scaffold/testdata/", ".local/"] },
  js.configs.recommended,
  ...ts.configs.recommended.map((c) => ({ ...c, files: ["**/*.ts", "**/*.vue"] })),
  ...vue.configs["flat/essential"],
  { files: ["**/*.vue"], languageOptions: { parserOptions: { parser: ts.parser } } },
  { files: ["**/*.ts", "**/*.vue"], rules: { "no-undef": "off" } }, // the compiler knows better
  { files: ["**/*.mjs", "**/vite.config.ts"], languageOptions: { globals: globals.node } },
  { files: ["internal/dashboard/web/*.js", "internal/dashboard/testdata/*.mjs", "example/frontend/e2e/*.mjs"], languageOptions: { globals: globals.browser } },
  { linterOptions: { reportUnusedDisableDirectives: "error" } },
)
