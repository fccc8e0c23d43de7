/// <reference types="vitest/config" />
import tailwindcss from "@tailwindcss/vite";
import react from "@vitejs/plugin-react";
import { defineConfig } from "vite";

export default defineConfig({
  plugins: [react(), tailwindcss()],
  build: {
    outDir: "../src/karat/api/static",
    emptyOutDir: true,
    assetsInlineLimit: 0, // the content security policy lets fonts and images come from this origin only
    target: "es2023",
  },
  server: { proxy: { "/api": "http://127.0.0.1:8642" } },
  test: { environment: "node", include: ["src/**/*.test.ts"] },
});
