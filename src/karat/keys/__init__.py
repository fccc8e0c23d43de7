"""Secrets, encrypted at rest in one file under KARAT_HOME: see `store.FolderSecrets`."""
